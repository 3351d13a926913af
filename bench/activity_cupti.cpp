// SPDX-License-Identifier: MIT
// Kernel times from CUPTI's activity records. Concurrent-kernel records do not serialise launches.
#include "activity.hpp"

#include <cupti.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <mutex>

namespace deepgemm::bench {

namespace {

struct event {
    std::uint64_t start, end, bytes;
    unsigned value;
    const char* kernel;  ///< nullptr for a memset
};

/// The records of the process. They are global because CUPTI calls back from a thread of its own, without a user pointer. They
/// are never destroyed, because the last call may come while the process ends.
struct record_store {
    std::mutex guard;
    std::vector<event> events;
};

record_store& store() {
    static record_store* const instance = new record_store;
    return *instance;
}

constexpr std::size_t buffer_bytes = std::size_t(1) << 20;

void CUPTIAPI give_buffer(std::uint8_t** buffer, std::size_t* size, std::size_t* max_records) {
    *buffer = static_cast<std::uint8_t*>(std::aligned_alloc(8, buffer_bytes));
    *size = *buffer ? buffer_bytes : 0;
    *max_records = 0;
}

void CUPTIAPI take_buffer(CUcontext, std::uint32_t, std::uint8_t* buffer, std::size_t, std::size_t valid) {
    const std::lock_guard lock(store().guard);
    CUpti_Activity* record = nullptr;
    while (valid > 0 && cuptiActivityGetNextRecord(buffer, valid, &record) == CUPTI_SUCCESS) {
        if (record->kind == CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL) {
            // Later versions of the record only append members.
            const auto* kernel = reinterpret_cast<const CUpti_ActivityKernel9*>(record);
            store().events.push_back({kernel->start, kernel->end, 0, 0, kernel->name ? kernel->name : "?"});
        } else if (record->kind == CUPTI_ACTIVITY_KIND_MEMSET) {
            const auto* memset = reinterpret_cast<const CUpti_ActivityMemset4*>(record);
            store().events.push_back({memset->start, memset->end, memset->bytes, memset->value & 0xff, nullptr});
        }
    }
    std::free(buffer);
}

std::string failure(const char* call, CUptiResult result) {
    const char* text = nullptr;
    cuptiGetResultString(result, &text);
    return std::string(call) + ": " + (text ? text : "unknown CUPTI error");
}

constexpr CUpti_ActivityKind kinds[] = {CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL, CUPTI_ACTIVITY_KIND_MEMSET};

}  // namespace

activity::activity() {
    const CUptiResult result = cuptiActivityRegisterCallbacks(give_buffer, take_buffer);
    if (result != CUPTI_SUCCESS) {
        why_not_ = failure("cuptiActivityRegisterCallbacks", result);
        return;
    }
    // Enabled before the context exists, so that the tracing machinery is set up with it.
    start();
}

void activity::start() {
    cuptiActivityFlushAll(CUPTI_ACTIVITY_FLAG_FLUSH_FORCED);  // what ran before; fails harmlessly without a context
    {
        const std::lock_guard lock(store().guard);
        store().events.clear();
    }
    for (const CUpti_ActivityKind kind : kinds) {
        const CUptiResult result = cuptiActivityEnable(kind);
        if (result != CUPTI_SUCCESS) {
            why_not_ = failure("cuptiActivityEnable", result);
            return;
        }
    }
}

std::vector<launch_record> activity::stop(std::size_t separator_bytes) {
    const CUptiResult result = cuptiActivityFlushAll(CUPTI_ACTIVITY_FLAG_FLUSH_FORCED);
    for (const CUpti_ActivityKind kind : kinds) cuptiActivityDisable(kind);
    if (result != CUPTI_SUCCESS) {
        why_not_ = failure("cuptiActivityFlushAll", result);
        return {};
    }
    std::vector<event> sorted;
    {
        const std::lock_guard lock(store().guard);
        sorted.swap(store().events);
    }
    std::sort(sorted.begin(), sorted.end(), [](const event& x, const event& y) { return x.start < y.start; });
    std::vector<launch_record> launches;
    std::uint64_t until = 0;  // a dependent kernel may start before the one before it has ended
    for (const event& e : sorted) {
        if (!e.kernel && e.bytes >= separator_bytes) {
            const bool continues =
                !launches.empty() && launches.back().kernels.empty() && launches.back().mark == e.value;
            if (!continues) launches.push_back({e.value, 0, {}});
        } else if (e.kernel && !launches.empty()) {
            const std::uint64_t from = std::max(e.start, std::min(until, e.end));
            launches.back().us += double(e.end - from) / 1000;
            until = std::max(until, e.end);
            launches.back().kernels.emplace_back(e.kernel);
        }
    }
    return launches;
}

}  // namespace deepgemm::bench
