// SPDX-License-Identifier: MIT
// Writes the manifest as JSON.
#include "manifest.hpp"

#include <deepgemm/rtc/cache.hpp>
#include <deepgemm/rtc/resources.hpp>
#include <deepgemm/version.cuh>

#include <nlohmann/json.hpp>

namespace deepgemm::bench {

namespace {

/// Adds a kernel's registers and stack per thread, as its cubin states them; null if it does not.
json with_resources(json kernel, std::string_view cubin, const std::string& entry) {
    const auto resources = rtc::resources_of(cubin, entry);
    kernel["registers"] = resources ? json(resources->registers) : json();
    kernel["stack_bytes"] = resources ? json(resources->stack_bytes) : json();
    return kernel;
}

json described(const needed_kernel& planned, const rtc::image& made, const std::string& key) {
    const json kernel = json::object({{"key", key},
                                      {"file", rtc::entry_path("", key).generic_string()},
                                      {"kernel", planned.text},
                                      {"config", planned.cfg},
                                      {"entry", made.entry()},
                                      {"threads", made.launch.threads},
                                      {"smem_bytes", made.launch.smem_bytes},
                                      {"params_bytes", made.params_bytes},
                                      {"cubin_bytes", made.cubin().size()}});
    return with_resources(kernel, made.cubin(), made.entry());
}

json described(const packed_fat_binary& made) {
    json images = json::array();
    for (const auto& [arch, cubin] : made.images) {
        json kernels = json::array();
        for (const std::string& name : cubin.names)
            kernels.push_back(with_resources(json::object({{"entry", name}}), cubin.cubin, name));
        images.push_back(json::object({{"arch", arch}, {"kernels", kernels}}));
    }
    return json::object({{"file", made.file}, {"bytes", made.bytes}, {"images", images}});
}

}  // namespace

json manifest_of(const packed_kernels& packed) {
    json kernels = json::array(), served = json::array();
    for (std::size_t i = 0; i < packed.images.size(); ++i)
        kernels.push_back(described(packed.kernels[i], packed.images[i], packed.keys[i]));
    for (std::size_t i = 0; i < packed.lines.size(); ++i) {
        json of = json::array();
        for (const std::size_t place : packed.of_line[i]) {
            of.push_back(json::object({{"config", packed.kernels[place].cfg}, {"key", packed.keys[place]}}));
        }
        served.push_back(json::object({{"problem", packed.lines[i].text}, {"kernels", of}}));
    }
    json all = json::object({{"schema", "deepgemm kernels 1"},
                             {"deepgemm", concat(version / 10000, ".", version / 100 % 100, ".", version % 100)},
                             {"gpu", packed.gpu},
                             {"arch", packed.arch},
                             {"nvrtc", rtc::nvrtc_version()},
                             {"headers", packed.headers},
                             {"kernels", kernels},
                             {"problems", served}});
    if (packed.fatbin) all["fatbin"] = described(*packed.fatbin);
    return all;
}

}  // namespace deepgemm::bench
