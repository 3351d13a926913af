// SPDX-License-Identifier: MIT
// Reads the machine's description from the CUDA runtime and from the driver's management library (NVML).
#include "machine.hpp"

#include <cuda_runtime_api.h>
#include <dlfcn.h>

#include <cctype>
#include <cmath>
#include <ctime>

#include <nlohmann/json.hpp>

#include "cuda_check.hpp"
#include "statistics.hpp"

namespace deepgemm::bench {

namespace {

// The few NVML entries we call, by their documented C signatures; 0 means success. Clock domain 1 is the SMs.
struct nvml {
    int (*init)() = nullptr;
    int (*driver_version)(char*, unsigned) = nullptr;
    int (*by_bus_id)(const char*, void**) = nullptr;
    int (*clock)(void*, int, unsigned*) = nullptr;
    int (*max_clock)(void*, int, unsigned*) = nullptr;
    int (*power)(void*, unsigned*) = nullptr;
    int (*power_limit)(void*, unsigned*) = nullptr;
    int (*energy)(void*, unsigned long long*) = nullptr;  ///< millijoules; null where the driver has no counter
    bool works = false;

    nvml() {
        void* const library = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
        if (!library) return;
        works = load(library, "nvmlInit_v2", init) && load(library, "nvmlSystemGetDriverVersion", driver_version) &&
                load(library, "nvmlDeviceGetHandleByPciBusId_v2", by_bus_id) &&
                load(library, "nvmlDeviceGetClockInfo", clock) &&
                load(library, "nvmlDeviceGetMaxClockInfo", max_clock) &&
                load(library, "nvmlDeviceGetPowerUsage", power) &&
                load(library, "nvmlDeviceGetEnforcedPowerLimit", power_limit) && init() == 0;
        load(library, "nvmlDeviceGetTotalEnergyConsumption", energy);
    }
    template <class F>
    static bool load(void* library, const char* name, F& function) {
        function = reinterpret_cast<F>(dlsym(library, name));
        return function != nullptr;
    }
};

const nvml& management() {
    static const nvml library;
    return library;
}

constexpr int sm_clock = 1;

std::string version(int packed) { return std::to_string(packed / 1000) + "." + std::to_string(packed % 1000 / 10); }

std::string rounded(double value) {
    return std::isfinite(value) && value > 0 ? std::to_string(std::lround(value)) : "?";
}

}  // namespace

machine::machine() {
    int device = 0, driver = 0, runtime = 0;
    check(cudaGetDevice(&device), "cudaGetDevice");
    cudaDeviceProp properties{};
    check(cudaGetDeviceProperties(&properties, device), "cudaGetDeviceProperties");
    gpu_ = properties.name;
    num_sms_ = properties.multiProcessorCount;
    check(cudaDriverGetVersion(&driver), "cudaDriverGetVersion");
    check(cudaRuntimeGetVersion(&runtime), "cudaRuntimeGetVersion");
    toolkit_ = version(runtime);
    driver_ = "CUDA " + version(driver);

    char bus_id[32] = "", text[96] = "";
    const nvml& m = management();
    if (!m.works || cudaDeviceGetPCIBusId(bus_id, sizeof bus_id, device) != cudaSuccess) return;
    if (m.driver_version(text, sizeof text) == 0) driver_ = text;
    if (m.by_bus_id(bus_id, &device_) != 0) device_ = nullptr;
    if (!device_) return;
    unsigned value = 0;
    if (m.max_clock(device_, sm_clock, &value) == 0) max_clock_mhz_ = value;
    if (m.power_limit(device_, &value) == 0) power_limit_watts_ = value / 1000.0;
}

std::string machine::folder() const {
    for (const char* known : {"H200", "H100", "H800", "H20", "GH200", "B200", "B300"}) {
        const std::size_t at = gpu_.find(known);
        const std::string name = known;
        const bool whole =
            at != std::string::npos && !std::isalnum(static_cast<unsigned char>((gpu_ + " ")[at + name.size()]));
        if (!whole || (at > 0 && std::isalnum(static_cast<unsigned char>(gpu_[at - 1])))) continue;
        std::string lower = name;
        for (char& c : lower) c = char(std::tolower(static_cast<unsigned char>(c)));
        return lower;
    }
    std::string name;
    for (const char c : gpu_)
        name += std::isalnum(static_cast<unsigned char>(c)) ? char(std::tolower(static_cast<unsigned char>(c))) : '_';
    return name;
}

double machine::sm_clock_mhz() const {
    unsigned value = 0;
    return device_ && management().clock(device_, sm_clock, &value) == 0 ? value : not_measured;
}

double machine::power_watts() const {
    unsigned value = 0;
    return device_ && management().power(device_, &value) == 0 ? value / 1000.0 : not_measured;
}

double machine::energy_joules() const {
    unsigned long long value = 0;
    const auto read = management().energy;
    return device_ && read && read(device_, &value) == 0 ? double(value) / 1000.0 : not_measured;
}

json machine::describe(const std::string& command, const std::string& timer) const {
    char date[32] = "";
    const std::time_t now = std::time(nullptr);
    std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now));
    return json::object({{"gpu", gpu_},
                         {"driver", driver_},
                         {"toolkit", toolkit_},
                         {"clock", rounded(max_clock_mhz_) + " MHz maximum, not fixed"},
                         {"power_limit_watts", power_limit_watts_},
                         {"sms", num_sms_},
                         {"date", date},
                         {"command", command},
                         {"timer", timer}});
}

std::string machine::summary() const {
    return gpu_ + ", " + std::to_string(num_sms_) + " SMs, clock " + rounded(sm_clock_mhz()) + " MHz now (at most " +
           rounded(max_clock_mhz_) + "), power limit " + rounded(power_limit_watts_) + " W, driver " + driver_ +
           ", CUDA runtime " + toolkit_;
}

}  // namespace deepgemm::bench
