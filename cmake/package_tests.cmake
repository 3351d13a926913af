# SPDX-License-Identifier: MIT
# One ctest entry for each way in which other projects can use deepgemm. package_test.cmake builds and runs the consumers in
# tests/package in that way. Entries whose tool is not found are disabled.
find_program(DEEPGEMM_PKG_CONFIG pkg-config)
find_program(DEEPGEMM_CONAN conan)
find_program(DEEPGEMM_VCPKG vcpkg HINTS ENV VCPKG_ROOT)
mark_as_advanced(DEEPGEMM_PKG_CONFIG DEEPGEMM_CONAN DEEPGEMM_VCPKG)

# The program vcpkg is in the root of its tree, which also holds the toolchain file that projects use.
set(vcpkg_toolchain "")
if(DEEPGEMM_VCPKG)
    file(REAL_PATH "${DEEPGEMM_VCPKG}" vcpkg)
    cmake_path(GET vcpkg PARENT_PATH vcpkg_root)
    set(vcpkg_toolchain "${vcpkg_root}/scripts/buildsystems/vcpkg.cmake")
endif()

function(package_test way)
    add_test(NAME package/${way} COMMAND ${CMAKE_COMMAND}
        -D way=${way} -D source_dir=${PROJECT_SOURCE_DIR} -D binary_dir=${PROJECT_BINARY_DIR}
        -D generator=${CMAKE_GENERATOR} -D compiler=${CMAKE_CXX_COMPILER} -D version=${PROJECT_VERSION} -D nm=${CMAKE_NM} -D sample=${DEEPGEMM_TEST_SAMPLE}
        -D pkg_config=${DEEPGEMM_PKG_CONFIG} -D conan=${DEEPGEMM_CONAN} -D nvcc=${DEEPGEMM_NVCC}
        -D vcpkg=${DEEPGEMM_VCPKG} -D vcpkg_toolchain=${vcpkg_toolchain}
        -P "${PROJECT_SOURCE_DIR}/cmake/package_test.cmake")
    set_tests_properties(package/${way} PROPERTIES LABELS package TIMEOUT ${deepgemm_hang} FIXTURES_REQUIRED deepgemm_prefix)
endfunction()

# package_test_with(<way> <tool> <path of the tool>)
function(package_test_with way tool path)
    if(EXISTS "${path}")
        package_test(${way})
    else()
        deepgemm_missing_test(package/${way} "${tool}")
    endif()
endfunction()

foreach(way IN ITEMS install find_package add_subdirectory fetch_content strict export two_copies messages vcpkg_stand_in)
    package_test(${way})
endforeach()
set_tests_properties(package/install PROPERTIES FIXTURES_SETUP deepgemm_prefix FIXTURES_REQUIRED "")
package_test_with(pkg_config "pkg-config (Debian package pkg-config)" "${DEEPGEMM_PKG_CONFIG}")
package_test_with(conan "conan 2 (pip install conan)" "${DEEPGEMM_CONAN}")
package_test_with(vcpkg "vcpkg (https://github.com/microsoft/vcpkg, VCPKG_ROOT)" "${vcpkg_toolchain}")
set(nvrtc_found "")
if(TARGET deepgemm::rtc_development AND DEEPGEMM_NVCC)
    set(nvrtc_found "${DEEPGEMM_NVRTC}")
endif()
package_test_with(run_time "nvcc and NVRTC (NVIDIA's CUDA toolkit, 12.9 or newer)" "${nvrtc_found}")
package_test_with(cuda "nvcc (NVIDIA's CUDA toolkit, 12.9 or newer)" "${DEEPGEMM_NVCC}")
