#include <deepgemm/host/sim_launch.hpp>
#include <deepgemm/host/shards.hpp>
namespace deepgemm::instances {
namespace {
struct backend {
    template <class Kernel>
    static auto handle_of() {
        return sim::handle_of<Kernel>();
    }
};
}  // namespace
}  // namespace deepgemm::instances
