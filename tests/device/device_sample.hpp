// SPDX-License-Identifier: MIT
// Samples of the grouped GEMM (tests/ops/grouped_sample.hpp) in device memory.
#pragma once

#include "../ops/grouped_sample.hpp"
#include "runtime.hpp"

namespace deepgemm::device_tests {

using test::grouped_sample;

/// Device memory for samples of one size.
class device_sample {
public:
    explicit device_sample(grouped_sample& host)
        : a_(i64(host.a().bytes().size())),
          b_(i64(host.b().bytes().size())),
          d_(i64(host.d().bytes().size())),
          sa_(i64(host.a().words().size())),
          sb_(i64(host.b().words().size())),
          counts_(i64(host.counts().size())) {
        load(host);
    }

    /// Copies a sample into it whose tensors have the sizes of the first one's.
    void load(grouped_sample& host) const {
        a_.write(host.a().bytes().data());
        b_.write(host.b().bytes().data());
        d_.write(host.d().bytes().data());
        sa_.write(host.a().words().data());
        sb_.write(host.b().words().data());
        counts_.write(host.counts().data());
        check(cudaDeviceSynchronize());
    }
    grouped_problem problem(grouped_sample& host, i64 expected_rows = 0) const {
        return host.problem({a_.get(), sa_.get(), b_.get(), sb_.get(), nullptr, d_.get(), counts_.get()},
                            expected_rows);
    }
    /// Waits for the device, brings D back and judges it: "" or what is wrong.
    std::string verdict(grouped_sample& host) const {
        check(cudaDeviceSynchronize());
        d_.read(host.d().bytes().data());
        return host.verdict();
    }

private:
    device_array<u8> a_, b_, d_;
    device_array<u32> sa_, sb_;
    device_array<i32> counts_;
};

}  // namespace deepgemm::device_tests
