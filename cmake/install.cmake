# SPDX-License-Identifier: MIT
# Install rules, the package behind find_package(deepgemm CONFIG) and what pkg-config reads.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(deepgemm_package_dir "${CMAKE_INSTALL_DATADIR}/cmake/deepgemm")
install(DIRECTORY include/deepgemm DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
        FILES_MATCHING PATTERN "*.cuh" PATTERN "*.hpp")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/deepgemm")
install(TARGETS deepgemm EXPORT deepgemm)
install(EXPORT deepgemm NAMESPACE deepgemm:: FILE deepgemm-targets.cmake DESTINATION "${deepgemm_package_dir}")

configure_package_config_file(cmake/deepgemm-config.cmake.in deepgemm-config.cmake
                              INSTALL_DESTINATION "${deepgemm_package_dir}" PATH_VARS CMAKE_INSTALL_INCLUDEDIR)
# Header-only code does not depend on the pointer size of the machine that installed it.
write_basic_package_version_file(deepgemm-config-version.cmake COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES "${PROJECT_BINARY_DIR}/deepgemm-config.cmake" "${PROJECT_BINARY_DIR}/deepgemm-config-version.cmake"
              cmake/instances.cmake cmake/instances_parts.cmake cmake/embed.cmake cmake/rtc.cmake
        DESTINATION "${deepgemm_package_dir}")

set(deepgemm_pc_dir "${CMAKE_INSTALL_DATADIR}/pkgconfig")
file(RELATIVE_PATH deepgemm_pc_to_prefix "/${deepgemm_pc_dir}" "/")
cmake_path(NORMAL_PATH deepgemm_pc_to_prefix)
configure_file(cmake/deepgemm.pc.in deepgemm.pc @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/deepgemm.pc" DESTINATION "${deepgemm_pc_dir}")
