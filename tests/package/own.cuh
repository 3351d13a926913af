// SPDX-License-Identifier: MIT
// A header of the consumer's own, with what a raw string, CMake and a shell might stumble over: [brackets]; "quotes" \ $<x>
// ${y} @z@
#pragma once
