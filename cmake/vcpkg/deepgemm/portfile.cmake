# SPDX-License-Identifier: MIT
# The vcpkg port of deepgemm as it lies in the source tree, for --overlay-ports: it installs the tree that it is part of.
# A port in a registry differs in one line, which fetches a release instead.
get_filename_component(SOURCE_PATH "${CURRENT_PORT_DIR}/../../.." ABSOLUTE)

# Headers alone: there is nothing that a debug build would do differently, nor a run path that vcpkg would have to fetch
# patchelf for.
set(VCPKG_BUILD_TYPE release)
set(VCPKG_FIXUP_ELF_RPATH OFF)
vcpkg_cmake_configure(SOURCE_PATH "${SOURCE_PATH}" OPTIONS -DDEEPGEMM_DEVELOPMENT=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH share/cmake/deepgemm)
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/share/doc")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
file(INSTALL "${CURRENT_PORT_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/deepgemm")
