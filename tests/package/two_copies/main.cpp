// SPDX-License-Identifier: MIT
// The program: both copies of deepgemm multiply, and each is itself.
#include <cstdio>
#include <string>

std::string first_device();
std::string second_device();

int main() {
    const std::string first = first_device(), second = second_device();
    if (first == "simulated Hopper" && second == "another Hopper") return 0;
    std::printf("the copies run on '%s' and '%s'\n", first.c_str(), second.c_str());
    return 1;
}
