// SPDX-License-Identifier: MIT
// The C interface: status and engines. The functions of each operation are in ops/.
#include <c_interface_kernels.hpp>

#include <memory>

#include "calls.hpp"
#include "device.hpp"

namespace dg = deepgemm;

namespace {

/// Gives an engine the kernels of all its operations.
template <class... O>
void fill(dg::engine_of<O...>& engine) {
    (engine.with(dg::instances::c_interface_kernels<O>()), ...);
}

}  // namespace

extern "C" {

const char* deepgemm_status_name(deepgemm_status status) { return c_interface::name_of(status); }

deepgemm_status deepgemm_engine_create(const deepgemm_options* options, deepgemm_engine** made,
                                       deepgemm_message* message) {
    return c_interface::guarded(message, [&]() -> dg::result<void> {
        if (made == nullptr) return c_interface::missing("the place for the engine");
        *made = nullptr;
        const auto device = c_interface::current_device(options != nullptr && options->simulate_blackwell != 0);
        if (!device) return device.failure();
        dg::context knobs;
        if (options != nullptr) {
            knobs.num_sms = options->num_sms;
            knobs.dependent_launch = options->dependent_launch != 0;
            if (options->objective != DEEPGEMM_LATENCY && options->objective != DEEPGEMM_SUSTAINED) {
                return dg::fail(dg::errc::bad_option, "objective is ", options->objective,
                                "; it must be DEEPGEMM_LATENCY or DEEPGEMM_SUSTAINED");
            }
            knobs.objective = dg::objective_kind(options->objective);
        }
        auto engine = std::make_unique<deepgemm_engine>(deepgemm_engine{dg::engine(*device, knobs)});
        fill(engine->engine);
        *made = engine.release();
        return {};
    });
}

void deepgemm_engine_destroy(deepgemm_engine* engine) { delete engine; }

deepgemm_status deepgemm_engine_prepare(const deepgemm_engine* engine, deepgemm_message* message) {
    return c_interface::guarded(message, [&]() -> dg::result<void> {
        if (engine == nullptr) return c_interface::missing("the engine");
        return engine->engine.prepare();
    });
}

}  // extern "C"
