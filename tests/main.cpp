// SPDX-License-Identifier: MIT
// The main function of every test program. All random data of a run follow from one seed, which is a new one for every run
// unless the environment sets DEEPGEMM_SEED. It is printed if a test fails, so that the run can be repeated.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include <deepgemm/reference/random.hpp>

int main(int argc, char** argv) {
    std::string seed;
    try {
        seed = std::to_string(deepgemm::fresh_seed());
    } catch (const std::invalid_argument& why) {
        std::fprintf(stderr, "%s\n", why.what());
        return 2;
    }
    ::setenv("DEEPGEMM_SEED", seed.c_str(), 1);  // fresh_seed() returns it from here on
    doctest::Context context(argc, argv);
    const int outcome = context.run();
    if (outcome != 0 && !context.shouldExit()) std::fprintf(stderr, "repeat with DEEPGEMM_SEED=%s\n", seed.c_str());
    return outcome;
}
