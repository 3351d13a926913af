// SPDX-License-Identifier: MIT
// Packing and unpacking of narrow types on a GPU, bit for bit what the simulator does (tests/sim/convert.cpp).
#include <deepgemm/ptx/convert.cuh>
#include <deepgemm/ptx/thread.cuh>

#include <cuda_runtime.h>
#include <doctest/doctest.h>

#include "../sim/convert_cases.hpp"

using namespace deepgemm;

namespace {

struct packed {
    u32 bf16, f16, e4m3, e5m2;
    float unpacked[8];
    u32 tf32[2];
};

__global__ void convert(const float* in, packed* out, u32 pairs) {
    const u32 i = ptx::cta_index() * ptx::thread_count() + ptx::thread_index();
    if (i >= pairs) return;
    packed p{ptx::pack_bf16(in[2 * i], in[2 * i + 1]),
             ptx::pack_f16(in[2 * i], in[2 * i + 1]),
             ptx::pack_e4m3(in[2 * i], in[2 * i + 1]),
             ptx::pack_e5m2(in[2 * i], in[2 * i + 1]),
             {},
             {ptx::round_tf32(in[2 * i]), ptx::round_tf32(in[2 * i + 1])}};
    const ptx::vec2<float> back[4] = {ptx::unpack_bf16(p.bf16), ptx::unpack_f16(p.f16), ptx::unpack_e4m3(u16(p.e4m3)),
                                      ptx::unpack_e5m2(u16(p.e5m2))};
    for (int k = 0; k < 4; ++k) {
        p.unpacked[2 * k] = back[k].x;
        p.unpacked[2 * k + 1] = back[k].y;
    }
    out[i] = p;
}

bool same(float a, float b) { return a == b || (a != a && b != b); }

}  // namespace

TEST_CASE("conversions on the GPU give the codes of the simulator") {
    const std::vector<float> all = convert_cases::floats();
    const u32 pairs = u32(all.size() / 2);
    float* in = nullptr;
    packed* out = nullptr;
    REQUIRE(cudaMalloc(&in, all.size() * sizeof(float)) == cudaSuccess);
    REQUIRE(cudaMalloc(&out, pairs * sizeof(packed)) == cudaSuccess);
    REQUIRE(cudaMemcpy(in, all.data(), all.size() * sizeof(float), cudaMemcpyHostToDevice) == cudaSuccess);
    convert<<<(pairs + 255) / 256, 256>>>(in, out, pairs);
    std::vector<packed> got(pairs);
    REQUIRE(cudaMemcpy(got.data(), out, pairs * sizeof(packed), cudaMemcpyDeviceToHost) == cudaSuccess);
    cudaFree(in);
    cudaFree(out);

    u32 wrong[6] = {};
    for (u32 i = 0; i < pairs; ++i) {
        const auto lo = convert_cases::expected(all[2 * i]), hi = convert_cases::expected(all[2 * i + 1]);
        const packed& p = got[i];
        wrong[0] += p.bf16 != (lo.bf16 | hi.bf16 << 16);
        wrong[1] += p.f16 != (lo.f16 | hi.f16 << 16);
        wrong[2] += p.e4m3 != (lo.e4m3 | hi.e4m3 << 8);
        wrong[3] += p.e5m2 != (lo.e5m2 | hi.e5m2 << 8);
        const float values[8] = {float(bf16{u16(lo.bf16)}), float(bf16{u16(hi.bf16)}), float(f16{u16(lo.f16)}),
                                 float(f16{u16(hi.f16)}),   float(e4m3{u8(lo.e4m3)}),  float(e4m3{u8(hi.e4m3)}),
                                 float(e5m2{u8(lo.e5m2)}),  float(e5m2{u8(hi.e5m2)})};
        for (int k = 0; k < 8; ++k) wrong[4] += !same(p.unpacked[k], values[k]);
        for (u32 k = 0; k < 2; ++k) wrong[5] += !convert_cases::is_tf32_of(p.tf32[k], all[2 * i + k]);
    }
    CHECK(wrong[0] == 0);
    CHECK(wrong[1] == 0);
    CHECK(wrong[2] == 0);
    CHECK(wrong[3] == 0);
    CHECK(wrong[4] == 0);
    CHECK(wrong[5] == 0);
}
