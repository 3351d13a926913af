// SPDX-License-Identifier: MIT
// How tests of epilogues run kernels on the simulator.
#pragma once

#include "epilogue_products.hpp"
#include "grouped_runs.hpp"

namespace deepgemm::test {

/// The simulated machine.
struct simulated {
    template <class T>
    class buffer {
    public:
        explicit buffer(const std::vector<T>& content) : memory_(content) {
            memory_.reserve(1);  // so that get() is no null pointer
        }
        T* get() { return memory_.data(); }
        const std::vector<T>& read() const { return memory_; }

    private:
        std::vector<T> memory_;
    };

    sim::options options{};

    template <class K>
    std::string run(const typename K::arguments& arguments) const {
        sim::options machine = options;
        machine.num_sms = max(machine.num_sms, K::launch.cluster_ctas);
        const auto done = sim::try_launch<K>(arguments, {}, machine);
        return done ? "" : done.failure().message;
    }
};

}  // namespace deepgemm::test
