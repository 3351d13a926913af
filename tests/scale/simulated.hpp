// SPDX-License-Identifier: MIT
// The simulated machine as kernel_cases.hpp and packing_cases.hpp want it.
#pragma once

#include <deepgemm/sim/launch.hpp>

#include "kernel_cases.hpp"

namespace scale_cases {

/// The simulated machine: its global memory is ours.
struct simulator {
    template <class T>
    class buffer {
    public:
        buffer(const T* data, std::size_t count) : memory_(data, data + count) {}
        T* get() const { return const_cast<T*>(memory_.data()); }
        const std::vector<T>& read() const { return memory_; }

    private:
        std::vector<T> memory_;
    };
    template <class K>
    static void run(const typename K::arguments& arguments) {
        check_arguments<K>(arguments);
        sim::options options;
        options.shuffle = true;
        options.seed = fresh_seed() + u64(arguments_seed++);
        options.dependent_launch = true;
        options.num_sms = arguments_seed % 2 == 0 ? 4 : 1;  // of 16 CTAs, so that some take several tiles
        sim::launch<K>(arguments, options);
    }
    static inline int arguments_seed = 1;
};

}  // namespace scale_cases
