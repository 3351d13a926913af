// SPDX-License-Identifier: MIT
// Truth table of smem_pipeline: what models it, and near misses that each lack one thing. docs/concepts/smem_pipeline.md
// shows the table.
#include <deepgemm/pipeline/tma_pipeline.cuh>

namespace concept_smem_pipeline_tests {

using namespace deepgemm;

namespace {

struct whole {
    using cursor = ring<2>;
    static constexpr u32 barrier_bytes = 32;
    void initialise() const {}
    u32 full(cursor) const { return 0; }
    u32 empty(cursor) const { return 0; }
    u32 acquire(cursor) const { return 0; }
    void commit(cursor, u32) const {}
    bool landed(cursor) const { return false; }
    void wait(cursor) const {}
    void release(cursor) const {}
    void pass_over(cursor&, i32) const {}
};
// Each hides one member of `whole`, or has another in its place.
struct no_cursor : whole {
private:
    using whole::cursor;
};
struct stays : whole {
    struct cursor {
        u32 stage;
    };
    u32 full(cursor) const { return 0; }
    u32 empty(cursor) const { return 0; }
    u32 acquire(cursor) const { return 0; }
    void commit(cursor, u32) const {}
    bool landed(cursor) const { return false; }
    void wait(cursor) const {}
    void release(cursor) const {}
    void pass_over(cursor&, i32) const {}
};
struct no_size : whole {
private:
    using whole::barrier_bytes;
};
struct starts_with_count : whole {
    void initialise(u32) const {}
};
struct no_full : whole {
private:
    using whole::full;
};
struct empty_by_number : whole {
    struct number {
        u32 stage;
    };
    u32 empty(number) const { return 0; }
};
struct no_acquire : whole {
private:
    using whole::acquire;
};
struct acquires_nothing : whole {
    void acquire(cursor) const {}
};
struct no_commit : whole {
private:
    using whole::commit;
};
struct no_wait : whole {
private:
    using whole::wait;
};
struct never_says : whole {
    void landed(cursor) const {}
};
struct no_passing : whole {
private:
    using whole::pass_over;
};
struct no_release : whole {
private:
    using whole::release;
};
struct changes_itself : whole {
    void release(cursor) {}
};

// [table]
//            type                                                          what it lacks
static_assert(smem_pipeline<tma_pipeline<4, 8, cluster_shape{1, 1}>>);
static_assert(smem_pipeline<tma_pipeline<2, 4, cluster_shape{2, 2}>>);
static_assert(smem_pipeline<whole>);
static_assert(!smem_pipeline<no_cursor>);          // has_cursor: cursor
static_assert(!smem_pipeline<stays>);              // has_cursor: its cursor cannot advance
static_assert(!smem_pipeline<no_size>);            // has_barriers: barrier_bytes
static_assert(!smem_pipeline<starts_with_count>);  // has_barriers: initialise without arguments
static_assert(!smem_pipeline<no_full>);            // has_barriers: full
static_assert(!smem_pipeline<empty_by_number>);    // has_barriers: empty of a cursor
static_assert(!smem_pipeline<no_acquire>);         // fills: acquire
static_assert(!smem_pipeline<acquires_nothing>);   // fills: acquire gives the barrier on which copies complete
static_assert(!smem_pipeline<no_commit>);          // fills: commit
static_assert(!smem_pipeline<never_says>);         // drains: landed says yes or no
static_assert(!smem_pipeline<no_wait>);            // drains: wait
static_assert(!smem_pipeline<no_release>);         // drains: release
static_assert(!smem_pipeline<changes_itself>);     // drains: all roles share a const pipeline
static_assert(!smem_pipeline<no_passing>);         // drains: pass_over
static_assert(!smem_pipeline<ring<4>>);            // a cursor is no pipeline
// [table]

}  // namespace

}  // namespace concept_smem_pipeline_tests
