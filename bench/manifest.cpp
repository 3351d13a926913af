// SPDX-License-Identifier: MIT
// Writes the manifest as JSON.
#include "manifest.hpp"

#include <deepgemm/ops/gemm/text.hpp>
#include <deepgemm/rtc/cache.hpp>
#include <deepgemm/rtc/resources.hpp>
#include <deepgemm/version.cuh>

namespace deepgemm::bench {

namespace {

/// Adds what a kernel takes of a multiprocessor, as its cubin tells it.
json with_resources(json kernel, std::string_view cubin, const std::string& entry) {
    const auto resources = rtc::resources_of(cubin, entry);
    return kernel.add("registers", resources ? json(resources->registers) : json())
        .add("stack_bytes", resources ? json(resources->stack_bytes) : json());
}

json described(const gemm_info& planned, const rtc::image& made, const std::string& key) {
    const json kernel = json::object()
                            .add("key", key)
                            .add("file", rtc::entry_path("", key).generic_string())
                            .add("kernel", to_source(planned))
                            .add("config", to_source(planned.cfg))
                            .add("entry", made.entry())
                            .add("threads", made.launch.threads)
                            .add("smem_bytes", made.launch.smem_bytes)
                            .add("params_bytes", made.params_bytes)
                            .add("cubin_bytes", made.cubin().size());
    return with_resources(kernel, made.cubin(), made.entry());
}

json described(const packed_fat_binary& made) {
    json images = json::array();
    for (const auto& [arch, cubin] : made.images) {
        json kernels = json::array();
        for (const std::string& name : cubin.names)
            kernels.push(with_resources(json::object().add("entry", name), cubin.cubin, name));
        images.push(json::object().add("arch", arch).add("kernels", kernels));
    }
    return json::object().add("file", made.file).add("bytes", made.bytes).add("images", images);
}

}  // namespace

json manifest_of(const packed_kernels& packed) {
    json kernels = json::array(), served = json::array();
    for (std::size_t i = 0; i < packed.images.size(); ++i)
        kernels.push(described(packed.kernels[i].info(), packed.images[i], packed.keys[i]));
    for (std::size_t i = 0; i < packed.lines.size(); ++i) {
        json of = json::array();
        for (const std::size_t place : packed.of_line[i]) {
            of.push(json::object()
                        .add("config", to_source(packed.kernels[place].info().cfg))
                        .add("key", packed.keys[place]));
        }
        served.push(json::object().add("problem", packed.lines[i].text).add("kernels", of));
    }
    json all = json::object()
                   .add("schema", "deepgemm kernels 1")
                   .add("deepgemm", concat(version / 10000, ".", version / 100 % 100, ".", version % 100))
                   .add("gpu", packed.gpu)
                   .add("arch", packed.arch)
                   .add("nvrtc", rtc::nvrtc_version())
                   .add("headers", packed.headers)
                   .add("kernels", kernels)
                   .add("problems", served);
    return packed.fatbin ? all.add("fatbin", described(*packed.fatbin)) : all;
}

}  // namespace deepgemm::bench
