// SPDX-License-Identifier: MIT
// Times the cleaning of logits: `deepgemm bench --suite clean_logits`. Every element is checked: minus infinity outside of
// ranges, inside what it was.
#include <vector>

#include <deepgemm/ops/clean_logits/operation.hpp>

#include "ops/case_contest.cuh"
#include "words.hpp"

namespace deepgemm::bench {

namespace {

constexpr int untouched = 0x5b;  // every byte before a launch

/// A block looks at all elements of a row, and counts those that are wrong.
__global__ void judge_cleaned(clean_logits_problem p, unsigned long long* wrong) {
    const i64 row = blockIdx.x, first = p.first[row], last = p.last[row];
    const u32 bytes = u32(size_of(p.d.type));
    const u32 infinity = p.d.type == dtype::f32 ? 0xff800000u : p.d.type == dtype::bf16 ? 0xff80u : 0xfc00u;
    for (i64 i = threadIdx.x; i < p.d.columns; i += blockDim.x) {
        const i64 at = row * p.d.row_stride + i;
        const u32 got = bytes == 4 ? static_cast<const u32*>(p.d.data)[at] : static_cast<const u16*>(p.d.data)[at];
        const u32 before = bytes == 4 ? untouched * 0x01010101u : untouched * 0x0101u;
        if (got != (first <= i && i < last ? before : infinity)) atomicAdd(wrong, 1ull);
    }
}

/// Device memory of one case at a time. Rows have no padding.
class clean_logits_data {
public:
    /// Host: makes new ranges on the default stream.
    void generate(const clean_logits_case& c, u64) {
        std::vector<i32> first(std::size_t(c.rows), 0), last;
        for (int i = 0; i < c.rows; ++i) last.push_back(last_key(c.ranges, c.rows, c.keys, i));
        bytes_ = std::size_t(c.memory());
        product_ = {{logits_buffer_.as<u8>(bytes_), c.logits, c.rows, c.keys, c.keys, 1},
                    copied(first_buffer_, first),
                    copied(last_buffer_, last)};
        reset_d();
    }
    /// Host: makes every element what no kernel writes.
    void reset_d() {
        check(cudaMemset(product_.d.data, untouched, bytes_), "cudaMemset");
        check(cudaDeviceSynchronize(), "reset of logits");
    }
    /// The problem as users of deepgemm describe it.
    clean_logits_problem product() const { return product_; }

    /// Nothing, or a sentence with the number of wrong elements.
    comparison judge(reference&, std::string& wrong) {
        unsigned long long count = 0;
        unsigned long long* const device = count_buffer_.as<unsigned long long>(1);
        check(cudaMemcpy(device, &count, sizeof count, cudaMemcpyHostToDevice), "cudaMemcpy");
        judge_cleaned<<<unsigned(product_.d.rows), 256>>>(product_, device);
        check(cudaGetLastError(), "reference of cleaning");
        check(cudaMemcpy(&count, device, sizeof count, cudaMemcpyDeviceToHost), "reference of cleaning");
        if (count != 0) wrong = concat(count, " elements are wrong");
        return {};
    }

private:
    static const i32* copied(device_buffer& buffer, const std::vector<i32>& values) {
        i32* const made = buffer.as<i32>(values.size());
        check(cudaMemcpy(made, values.data(), values.size() * sizeof(i32), cudaMemcpyHostToDevice), "cudaMemcpy");
        return made;
    }

    clean_logits_problem product_{};
    std::size_t bytes_ = 0;
    device_buffer first_buffer_, last_buffer_, logits_buffer_, count_buffer_;
};

}  // namespace

/// The members of a case's row in a result file.
json members_of(const clean_logits_case& c) {
    return json::object({{"op", c.op()},
                         {"case", c.name()},
                         {"pass", c.pass()},
                         {"m", c.rows},
                         {"n", c.keys},
                         {"d_type", name_of(c.logits)}});
}

std::unique_ptr<contest> words<ops::clean_logits>::contest_of(const options& o) {
    return std::make_unique<case_contest<ops::clean_logits, clean_logits_data>>(o, suite_clean_logits());
}

}  // namespace deepgemm::bench
