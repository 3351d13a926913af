// SPDX-License-Identifier: MIT
// An engine holds instantiated kernels of one or more operations, the device they run on and a caller's knobs. The named
// operations of ops.hpp run through one. It remembers which kernel each recent workload got. Any number of threads may use one
// engine.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <tuple>
#include <type_traits>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/plan.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

namespace detail {

/// The knobs of one call: the engine's, except those that the call sets itself. It only refers to the engine's knobs and copies
/// them when a plan is made; a run whose workload is remembered needs just the members.
template <operation O>
struct knobs_of_call {
    const context& engines;
    const choices<O>& engines_choices;
    int num_sms;
    bool dependent_launch;
    const std::optional<typename O::config>& pin;

    knobs_of_call(const context& engines, const choices<O>& engines_choices, const call_knobs<O>& calls)
        : engines(engines),
          engines_choices(engines_choices),
          num_sms(calls.num_sms.value_or(engines.num_sms)),
          dependent_launch(calls.dependent_launch.value_or(engines.dependent_launch)),
          pin(calls.pin ? calls.pin : engines_choices.pin) {}

    context knobs() const {
        context made = engines;
        made.num_sms = num_sms;
        made.dependent_launch = dependent_launch;
        return made;
    }
    choices<O> own() const { return {pin, engines_choices.overrides, engines_choices.library}; }
};

/// What recent workloads of an operation got. Any thread.
template <operation O>
class memory_of_choices {
public:
    /// What was chosen for a workload with these knobs; without a kernel if it is not remembered.
    chosen_means<O> find(const typename O::workload& work, const knobs_of_call<O>& call) {
        pair& place = place_of(work, call);
        const std::lock_guard lock(guard_);
        for (std::size_t way = 0; way < place.ways.size(); ++way) {
            if (!place.ways[way].is_for(work, call)) continue;
            place.last = way;
            return place.ways[way].means;
        }
        return {};
    }

    /// Remembers a choice.
    void add(const typename O::workload& work, const knobs_of_call<O>& call, const chosen_means<O>& means) {
        pair& place = place_of(work, call);
        const std::lock_guard lock(guard_);
        ++added_;
        place.last = 1 - place.last;
        place.ways[place.last] = {work, call.num_sms, call.pin, means};
    }

    /// How many choices were added.
    u64 added() const {
        const std::lock_guard lock(guard_);
        return added_;
    }

private:
    /// What was chosen, with the workload and the knobs it was chosen for.
    struct remembered {
        typename O::workload work{};
        int num_sms = 0;  ///< this and `pin` may differ from call to call; all other knobs are the engine's
        std::optional<typename O::config> pin{};
        chosen_means<O> means{};

        bool is_for(const typename O::workload& wanted, const knobs_of_call<O>& call) const {
            return means.kernel != nullptr && work == wanted && num_sms == call.num_sms && pin == call.pin;
        }
    };
    /// Two choices that share a place in the memory. A new one replaces the one that was used less recently.
    struct pair {
        std::array<remembered, 2> ways{};
        std::size_t last = 0;
    };

    pair& place_of(const typename O::workload& work, const knobs_of_call<O>& call) {
        return places_[(O::hash(work) + u64(call.num_sms)) % places_.size()];
    }

    mutable std::mutex guard_;
    u64 added_ = 0;
    std::array<pair, 128> places_{};  ///< planning takes microseconds, a look-up far less than one
};

/// The kernels, wishes and memory of one operation.
template <operation O>
struct shelf {
    std::span<const kernel_handle<O>> kernels{};
    choices<O> own{};
    std::unique_ptr<memory_of_choices<O>> memory = std::make_unique<memory_of_choices<O>>();
};

/// How many of the operations `Os` have problems of type `Problem`, and one of them.
template <class Problem, class... Os>
inline constexpr int operations_with_problem = (int(same_as<Problem, typename Os::problem>) + ... + 0);
template <class Problem, class... Os>
struct operation_with_problem {};
template <class Problem, class First, class... Rest>
struct operation_with_problem<Problem, First, Rest...> : operation_with_problem<Problem, Rest...> {};
template <class Problem, class First, class... Rest>
    requires same_as<Problem, typename First::problem>
struct operation_with_problem<Problem, First, Rest...> {
    using type = First;
};

}  // namespace detail

/// Plans and launches operations `Os`, each with a list of kernels. The lists must outlive the engine; a constexpr kernel_list
/// does.
template <operation... Os>
class engine_of {
    using first = std::tuple_element_t<0, std::tuple<Os...>>;
    template <class Problem>
        requires(detail::operations_with_problem<Problem, Os...> == 1)
    using of_problem = typename detail::operation_with_problem<Problem, Os...>::type;

public:
    /// True if `O` is one of the engine's operations.
    template <class O>
    static constexpr bool serves = (same_as<O, Os> || ...);

    explicit engine_of(const device_info& device, const context& knobs = {}) : device_(device), knobs_(knobs) {}

    /// An engine with the kernels of one operation, and the caller's wishes for it; with() adds other operations.
    template <class List = std::span<const kernel_handle<first>>, class O = detail::operation_of_list<List>>
        requires(serves<O>)
    engine_of(const List& kernels, const device_info& device, const context& knobs = {}, const choices<O>& own = {})
        : engine_of(device, knobs) {
        with(kernels, own);
    }

    /// Sets the kernels of an operation, in place of those it had. No other thread may use the engine meanwhile.
    template <class List, class O = detail::operation_of_list<List>>
        requires(serves<O>)
    engine_of& with(const List& kernels, const choices<O>& own = {}) {
        shelf<O>() = {kernels, own};
        return *this;
    }

    template <class O = first>
    std::span<const kernel_handle<O>> kernels() const {
        return shelf<O>().kernels;
    }
    template <class O = first>
    const choices<O>& own() const {
        return shelf<O>().own;
    }
    const device_info& device() const { return device_; }
    const context& knobs() const { return knobs_; }

    /// Validates, picks a kernel and launches it on the current device, which must be of the engine's kind. Knobs of this call
    /// replace the engine's. If there is nothing to compute, nothing is launched. Allocates nothing; safe under graph capture.
    template <class O>
        requires(serves<O>)
    result<void> run(const typename O::problem& problem, void* stream = nullptr,
                     const call_knobs<std::type_identity_t<O>>& own = {})
    const {
        const detail::knobs_of_call<O> call(knobs_, shelf<O>().own, own);
        const auto means = means_for<O>(problem, call);
        if (!means) return means.failure();
        return means->launch(problem, {stream, call.num_sms, call.dependent_launch});
    }

    /// A full plan, to explain, to keep and to launch many times; `own` as in run().
    template <class O>
        requires(serves<O>)
    result<plan_of<O>> plan(const typename O::problem& problem, const call_knobs<std::type_identity_t<O>>& own = {})
    const {
        const detail::knobs_of_call<O> call(knobs_, shelf<O>().own, own);
        return deepgemm::plan(problem, device_, shelf<O>().kernels, call.knobs(), call.own());
    }

    /// Success if run() would launch a kernel or has nothing to do, else the reason against it; `own` as in run().
    template <class O>
        requires(serves<O>)
    result<void> supports(const typename O::problem& problem, const call_knobs<std::type_identity_t<O>>& own = {})
    const {
        const detail::knobs_of_call<O> call(knobs_, shelf<O>().own, own);
        return deepgemm::supports(device_, problem, shelf<O>().kernels, call.knobs(), call.own());
    }

    /// As supports(), and remembers the choice, so that run() finds it. For calls of several launches, of which none shall be
    /// made unless all can.
    template <class O>
        requires(serves<O>)
    result<void> settle(const typename O::problem& problem, const call_knobs<std::type_identity_t<O>>& own = {})
    const {
        const auto means = means_for<O>(problem, {knobs_, shelf<O>().own, own});
        return means ? result<void>{} : means.failure();
    }

    /// The configuration of the kernel that run() launches for a workload that is not empty; `own` as in run(). For calls of
    /// several launches that shall all have the same one.
    template <class O>
        requires(serves<O>)
    result<typename O::config> config_for(const typename O::workload& work,
                                          const call_knobs<std::type_identity_t<O>>& own = {})
    const {
        const auto means = means_for<O>(work, {knobs_, shelf<O>().own, own});
        if (!means) return means.failure();
        return means->kernel->info.cfg;
    }

    /// The same three functions without naming the operation, for a problem type that only one of the engine's operations has.
    template <class Problem = typename first::problem, class O = of_problem<Problem>>
    result<void> run(const Problem& problem, void* stream = nullptr, const call_knobs<O>& own = {}) const {
        return run<O>(problem, stream, own);
    }
    template <class Problem = typename first::problem, class O = of_problem<Problem>>
    result<plan_of<O>> plan(const Problem& problem, const call_knobs<O>& own = {}) const {
        return plan<O>(problem, own);
    }
    template <class Problem = typename first::problem, class O = of_problem<Problem>>
    result<void> supports(const Problem& problem, const call_knobs<O>& own = {}) const {
        return supports<O>(problem, own);
    }

    /// Loads every kernel on the current device, so that no later run does.
    result<void> prepare() const {
        result<void> outcome{};
        static_cast<void>(((outcome = prepare_all<Os>()) && ...));
        return outcome;
    }

    /// How many runs had to plan because the engine did not remember their workload.
    u64 planned() const { return (shelf<Os>().memory->added() + ...); }

private:
    template <class O>
    detail::shelf<O>& shelf() {
        return std::get<detail::shelf<O>>(shelves_);
    }
    template <class O>
    const detail::shelf<O>& shelf() const {
        return std::get<detail::shelf<O>>(shelves_);
    }

    template <class O>
    result<void> prepare_all() const {
        for (const kernel_handle<O>& kernel : shelf<O>().kernels) {
            if (!runs_on(kernel.info.launch, device_)) continue;
            if (auto ok = kernel.prepare(); !ok) return ok;
        }
        return {};
    }

    /// What computes a problem, which is validated first: nothing if nothing is to do.
    template <class O>
    result<chosen_means<O>> means_for(const typename O::problem& problem, const detail::knobs_of_call<O>& call) const {
        const auto work = checked<O>(problem);
        if (!work) return work.failure();
        if (!O::is_empty(*work)) return means_for<O>(*work, call);
        const auto sms = detail::allowed_sms(device_, call.knobs());
        return sms ? result<chosen_means<O>>(chosen_means<O>{}) : sms.failure();
    }

    /// What computes a workload that is not empty: as remembered, else chosen now and remembered.
    template <class O>
    result<chosen_means<O>> means_for(const typename O::workload& work, const detail::knobs_of_call<O>& call) const {
        const detail::shelf<O>& own = shelf<O>();
        if (const auto known = own.memory->find(work, call); known.kernel != nullptr) return known;
        if (auto ok = O::check(work); !ok) return ok.failure();
        const context knobs = call.knobs();
        const choices<O> wishes = call.own();
        const detail::question<O> asked{work, device_, own.kernels, knobs, wishes};
        const auto may = detail::allowed(asked);
        if (!may) return may.failure();
        const auto chosen = detail::best_of(asked, *may);
        if (!chosen) return chosen.failure();
        if (auto ok = detail::tell<O>(work, device_, may->sms, *chosen); !ok) return ok.failure();
        const auto means = chosen_means<O>::of(chosen->kernel, detail::compared(asked, *may, chosen->kernel->info));
        own.memory->add(work, call, means);
        return means;
    }

    device_info device_;
    context knobs_;
    std::tuple<detail::shelf<Os>...> shelves_;
};

/// An engine that serves operation `O`, maybe among others.
template <class E, class O>
concept engine_for = E::template serves<O>;

}  // namespace deepgemm
