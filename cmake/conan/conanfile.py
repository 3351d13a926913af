# SPDX-License-Identifier: MIT
"""The Conan 2 recipe of deepgemm: packages the headers of the tree that it is part of (`conan create cmake/conan`).

Consumers find the package's own CMake configuration, so that they get the same target and functions as from an installation.
"""
import pathlib
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeToolchain
from conan.tools.files import copy, load


class Deepgemm(ConanFile):
    name = "deepgemm"
    description = "Tensor-core kernels for large language models"
    license = "MIT"
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"

    def _root(self):
        return pathlib.Path(self.recipe_folder).parents[1]

    def set_version(self):
        text = load(self, self._root() / "include/deepgemm/version.cuh")
        self.version = ".".join(re.findall(r"^#define DEEPGEMM_VERSION_[A-Z]+ ([0-9]+)$", text, re.M))

    def export_sources(self):
        for pattern in ("CMakeLists.txt", "LICENSE", "cmake/*", "include/*"):
            copy(self, pattern, self._root(), self.export_sources_folder)

    def validate(self):
        check_min_cppstd(self, 20)

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["DEEPGEMM_DEVELOPMENT"] = False
        toolchain.generate()

    def package(self):
        copy(self, "LICENSE", self.source_folder, pathlib.Path(self.package_folder) / "licenses")
        cmake = CMake(self)
        cmake.configure()
        cmake.install()

    def package_id(self):
        self.info.clear()

    def package_info(self):
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = ["share/cmake/deepgemm"]
