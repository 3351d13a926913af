# SPDX-License-Identifier: MIT
# vcpkg itself installs the port in cmake/vcpkg, in classic mode; then a project with a manifest builds with vcpkg's toolchain
# file, which installs the port once more. The host's own tools are used, so that nothing is downloaded; nothing is taken from
# a cache, and all files but vcpkg's own stay in `work_dir`.
set(ENV{VCPKG_FORCE_SYSTEM_BINARIES} 1)
set(ENV{VCPKG_DISABLE_METRICS} 1)
unset(ENV{VCPKG_ROOT})  # vcpkg takes the tree it lies in, and warns where this names another
set(ENV{CXX} "${compiler}")
set(options --enforce-port-checks --binarysource=clear "--downloads-root=${work_dir}/downloads"
            "--x-buildtrees-root=${work_dir}/buildtrees" "--x-packages-root=${work_dir}/packages")
set(ports "${source_dir}/cmake/vcpkg")

run("${vcpkg}" install deepgemm --classic "--overlay-ports=${ports}" "--x-install-root=${work_dir}/installed" ${options})
if(output MATCHES "[Ww]arning" OR NOT output MATCHES "deepgemm is headers only")
    message(FATAL_ERROR "vcpkg warns of the port or does not print how to use it:\n${output}")
endif()

# A list of options survives no command line that is passed on, and so is set in a file.
file(WRITE "${work_dir}/cache.cmake" "set(VCPKG_INSTALL_OPTIONS \"${options}\" CACHE STRING \"\")\n")
consumer(-C "${work_dir}/cache.cmake" -DWAY=find_package "-DCMAKE_TOOLCHAIN_FILE=${vcpkg_toolchain}"
         "-DVCPKG_OVERLAY_PORTS=${ports}" "-DVCPKG_MANIFEST_DIR=${source_dir}/tests/package/vcpkg")
