// SPDX-License-Identifier: MIT
// What a raw string, CMake and a shell might stumble over in a header of the consumer: [brackets]; "quotes" \ $<x> ${y} @z@
#pragma once
