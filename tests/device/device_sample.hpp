// SPDX-License-Identifier: MIT
// Samples of any operation (tests/ops/sample.hpp) in device memory.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "../ops/sample.hpp"
#include "runtime.hpp"

namespace deepgemm::device_tests {

/// A sample with copies of its memory on the device.
template <class O>
class device_sample {
public:
    explicit device_sample(test::sample_of<O>& host) : host_(&host) {
        for (const test::sample_memory& piece : host.memory())
            copies_.push_back(std::make_unique<device_array<u8>>(i64(piece.bytes)));
        load(host);
    }

    /// Copies another sample to the device in place of the first one, whose memory must have the same sizes; or the same sample
    /// again.
    void load(test::sample_of<O>& host) {
        host_ = &host;
        for_each([](const device_array<u8>& copy, const test::sample_memory& piece) { copy.write(piece.data); });
        check(cudaDeviceSynchronize());
    }
    /// The problem as a caller gives it, in device memory; `more` are further arguments of the sample's problem().
    template <class... More>
    auto problem(const More&... more) const {
        std::vector<void*> at;
        for (const auto& copy : copies_) at.push_back(copy->get());
        return host_->problem(at, more...);
    }
    /// The device's copy of the first result, D.
    const device_array<u8>& d() const {
        const auto pieces = host_->memory();
        for (std::size_t i = 0; i < copies_.size(); ++i) {
            if (pieces[i].written) return *copies_[i];
        }
        throw std::logic_error("a sample without a result");
    }
    /// Waits for the device, brings results back and judges them: "" or what is wrong.
    std::string verdict() const {
        check(cudaDeviceSynchronize());
        for_each([](const device_array<u8>& copy, const test::sample_memory& piece) {
            if (piece.written) copy.read(piece.data);
        });
        return host_->verdict();
    }

private:
    template <class Action>
    void for_each(Action action) const {
        const auto pieces = host_->memory();
        for (std::size_t i = 0; i < copies_.size(); ++i) action(*copies_[i], pieces[i]);
    }

    test::sample_of<O>* host_;
    std::vector<std::unique_ptr<device_array<u8>>> copies_;
};

}  // namespace deepgemm::device_tests
