# SPDX-License-Identifier: MIT
# Runs the port in cmake/vcpkg without vcpkg: the few functions of vcpkg that it calls are here, in a form that does what
# theirs do to a package of headers. Proves that the port makes a package that consumers find; that vcpkg accepts it is
# proved where there is one, by vcpkg.cmake.
set(CURRENT_PORT_DIR "${source_dir}/cmake/vcpkg/deepgemm")
set(CURRENT_PACKAGES_DIR "${work_dir}/packages")
set(CURRENT_BUILDTREES_DIR "${work_dir}/buildtrees")

function(vcpkg_cmake_configure)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "SOURCE_PATH" "OPTIONS")
    run("${CMAKE_COMMAND}" -S "${arg_SOURCE_PATH}" -B "${CURRENT_BUILDTREES_DIR}" -G "${generator}"
        "-DCMAKE_CXX_COMPILER=${compiler}" "-DCMAKE_INSTALL_PREFIX=${CURRENT_PACKAGES_DIR}" ${arg_OPTIONS})
endfunction()

function(vcpkg_cmake_install)
    run("${CMAKE_COMMAND}" --build "${CURRENT_BUILDTREES_DIR}" --target install)
endfunction()

# The configuration moves to where vcpkg's toolchain looks, and the way from there to the prefix becomes shorter.
function(vcpkg_cmake_config_fixup)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "CONFIG_PATH" "")
    set(to "${CURRENT_PACKAGES_DIR}/share/deepgemm")
    file(COPY "${CURRENT_PACKAGES_DIR}/${arg_CONFIG_PATH}/" DESTINATION "${to}")
    file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/share/cmake")
    file(READ "${to}/deepgemm-config.cmake" text)
    string(REPLACE "/../../../\" ABSOLUTE" "/../../\" ABSOLUTE" text "${text}")
    file(WRITE "${to}/deepgemm-config.cmake" "${text}")
    file(READ "${to}/deepgemm-targets.cmake" text)
    string(REPLACE "get_filename_component(_IMPORT_PREFIX \"\${_IMPORT_PREFIX}\" PATH)\nif(" "if(" text "${text}")
    file(WRITE "${to}/deepgemm-targets.cmake" "${text}")
endfunction()

function(vcpkg_fixup_pkgconfig)
    if(NOT EXISTS "${CURRENT_PACKAGES_DIR}/share/pkgconfig/deepgemm.pc")
        message(FATAL_ERROR "the package has no description for pkg-config")
    endif()
endfunction()

function(vcpkg_install_copyright)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "FILE_LIST")
    file(COPY_FILE "${arg_FILE_LIST}" "${CURRENT_PACKAGES_DIR}/share/deepgemm/copyright")
endfunction()

include("${CURRENT_PORT_DIR}/portfile.cmake")

file(READ "${CURRENT_PORT_DIR}/vcpkg.json" manifest)
string(JSON port_version GET "${manifest}" version)
if(NOT port_version STREQUAL version)
    message(FATAL_ERROR "cmake/vcpkg/deepgemm/vcpkg.json says version ${port_version}; deepgemm is ${version}")
endif()
# What has no place in a package of headers, at least not by vcpkg's conventions.
foreach(unwanted debug lib bin share/doc share/cmake)
    if(EXISTS "${CURRENT_PACKAGES_DIR}/${unwanted}")
        message(FATAL_ERROR "the port leaves ${unwanted} in its package")
    endif()
endforeach()
