// SPDX-License-Identifier: MIT
// The probes of tensor and bulk copies on the simulator against plain loops, under every policy: loads, stores and sums of 1
// to 5 dimensions in every swizzle, boxes that stick out, multicast. The same probes run on a GPU in tests/device.
#include <doctest/doctest.h>

#include "../device/copy_probes.cuh"
#include "../device/simulate.hpp"

namespace {

using namespace deepgemm;
using namespace deepgemm::probes;

/// Calls f(offset, at) for every byte of a probe's box: where it lies in shared memory and in the tensor; -1 outside. Loads
/// end a row at the tensor's edge, stores with the 16 bytes in which the edge lies.
template <int Rank, class T, swizzle_mode Swizzle, class F>
void for_each_byte(bool store, F f) {
    using tensor = probe_tensor<Rank, T, Swizzle>;
    const i64 row_bytes = i64(tensor::extent[0] * sizeof(T)), edge = store ? align_up(row_bytes, i64(16)) : row_bytes;
    for (u32 i = 0; i < tensor::box_bytes; ++i) {
        i64 at = tensor::at(0, store) * i64(sizeof(T)) + i % tensor::row_bytes, stride = tensor::pitch_bytes;
        bool inside = at >= 0 && at < edge;
        u32 rest = i / tensor::row_bytes;
        for (int d = 1; d < Rank; ++d) {
            const i64 x = tensor::at(d, store) + i64(rest % tensor::box[d]);
            rest /= tensor::box[d];
            inside = inside && x >= 0 && x < tensor::extent[d];
            at += x * stride;
            stride *= tensor::extent[d];
        }
        f(swizzled(i, Swizzle), inside ? at : -1);
    }
}

/// Byte `offset` of shared memory that was filled with word(i).
template <class F>
u8 byte_of(F word, u32 offset) {
    return u8(word(offset / 4) >> 8 * (offset % 4));
}

/// What a probe's output holds at first.
template <class P>
bytes initial() {
    return make_input(P::output_type, P::output_bytes, 2);
}

/// Adds element `i` of the probes' source of sums to the T at `to`.
template <class T>
void add_summand(u8* to, u32 i) {
    T value;
    std::memcpy(&value, to, sizeof value);
    if constexpr (is_same_v<T, float>) {
        value += small_integer(7, i);
    } else {
        value = T::from_float(float(value) + small_integer(7, i));
    }
    std::memcpy(to, &value, sizeof value);
}

// ---- what each probe must leave behind

template <int Rank, class T, swizzle_mode S>
bytes expected(tensor_load_probe<Rank, T, S>) {
    using probe = tensor_load_probe<Rank, T, S>;
    const bytes a = make_input(probe::a_type, probe::a_bytes, 0);
    bytes output = initial<probe>();
    for_each_byte<Rank, T, S>(false, [&](u32 offset, i64 at) { output[offset] = at < 0 ? 0 : a[std::size_t(at)]; });
    return output;
}

template <int Rank, class T, swizzle_mode S>
bytes expected(tensor_store_probe<Rank, T, S>) {
    bytes output = initial<tensor_store_probe<Rank, T, S>>();
    for_each_byte<Rank, T, S>(true, [&](u32 offset, i64 at) {
        if (at >= 0) output[std::size_t(at)] = byte_of(hash, offset);
    });
    return output;
}

template <int Rank, class T, swizzle_mode S>
bytes expected(tensor_reduce_probe<Rank, T, S>) {
    bytes output = initial<tensor_reduce_probe<Rank, T, S>>();
    for_each_byte<Rank, T, S>(true, [&](u32 offset, i64 at) {
        if (at >= 0 && offset % sizeof(T) == 0) add_summand<T>(&output[std::size_t(at)], offset / u32(sizeof(T)));
    });
    return output;
}

bytes expected(bulk_copy_probe) {
    const bytes a = make_input(bulk_copy_probe::a_type, bulk_copy_probe::a_bytes, 0);
    bytes output = initial<bulk_copy_probe>();
    std::copy_n(&a[1600], 16, &output[64]);
    std::copy_n(&a[16], 1040, &output[80]);
    return output;
}

template <class T>
bytes expected(bulk_reduce_probe<T>) {
    bytes output = initial<bulk_reduce_probe<T>>();
    for (u32 i = 0; i < 992 / sizeof(T); ++i) add_summand<T>(&output[32 + i * sizeof(T)], 16 / u32(sizeof(T)) + i);
    return output;
}

bytes expected(multicast_probe) {
    const bytes a = make_input(multicast_probe::a_type, multicast_probe::a_bytes, 0);
    bytes output = initial<multicast_probe>();
    const u32 tile_bytes = multicast_probe::tile_bytes;
    for (u32 rank = 0; rank < 2; ++rank) {
        u8* const dump = &output[rank * (tile_bytes + 512)];
        for (u32 i = 0; i < tile_bytes; ++i) dump[swizzled(i, swizzle_mode::b128)] = a[i];
        for (u32 i = 0; i < 512; ++i) dump[tile_bytes + i] = a[i < 256 ? i : 1024 + i - 256];
    }
    return output;
}

bytes expected(thread_copy_probe) {
    const bytes a = make_input(thread_copy_probe::a_type, thread_copy_probe::a_bytes, 0);
    bytes output(thread_copy_probe::output_bytes, 0);
    for (u32 thread = 0; thread < 64; ++thread) {
        const auto copy = [&](u32 to, u32 from, u32 read) {
            std::copy_n(&a[thread * 16 + from], read, &output[thread * 64 + to]);
        };
        copy(0, 0, thread % 3 != 0 ? 16 : 0);
        copy(16, 16, thread % 17);
        copy(32, 8, thread % 5 != 0 ? 8 : 0);
        copy(40, 8, thread % 9);
        copy(48, 4, 4);
        copy(56, 4, thread % 5);
        copy(60, 0, thread % 2 == 0 ? 4 : 0);
    }
    return output;
}

template <class... P>
void check_list(probe_list<P...>) {
    sim::options random;
    random.policy = sim::policy::random;
    random.seed = 3;
    auto check = [&]<class Q>(Q probe) {
        CAPTURE(__PRETTY_FUNCTION__);
        const bytes right = expected(probe);
        const bool lazily = simulate<Q>() == right, randomly = simulate<Q>(random) == right;
        CHECK(lazily);
        CHECK(randomly);
    };
    (check(P{}), ...);
}

TEST_CASE("tensor copies move and add what plain loops do") {
    check_list(tensor_copy_probes<swizzle_mode::none>{});
    check_list(tensor_copy_probes<swizzle_mode::b32>{});
    check_list(tensor_copy_probes<swizzle_mode::b64>{});
    check_list(tensor_copy_probes<swizzle_mode::b128>{});
}

TEST_CASE("sums of every rank, bulk copies and multicast do what plain loops do") { check_list(other_copy_probes{}); }

}  // namespace
