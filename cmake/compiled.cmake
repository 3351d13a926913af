# SPDX-License-Identifier: MIT
# The host functions of the headers, compiled once for all of our own programs instead of once in each of their files: the
# simulator, references, rules, plans. Headers that say DEEPGEMM_LIBRARY_HEADER take part (deepgemm/core/macros.cuh says how).
# g++ alone has the pragma; for other compilers, and in builds with CUDA, whose few host files gain nothing, this is nothing.
if(DEEPGEMM_HAVE_CUDA OR NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    return()
endif()

# deepgemm_compiled(<target> <folder of include/deepgemm>...): a library of the functions of these folders' headers, for all who
# link it, optimised also where they are not. A program whose own definitions change these functions, or that measures them, sets the
# property DEEPGEMM_HEADER_ONLY.
function(deepgemm_compiled target)
    set(sources "")
    foreach(folder IN LISTS ARGN)
        set(text "")
        file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE "${deepgemm_include_dir}" "${deepgemm_include_dir}/deepgemm/${folder}/*.hpp")
        foreach(header IN LISTS headers)
            file(STRINGS "${deepgemm_include_dir}/${header}" said REGEX "^DEEPGEMM_LIBRARY_HEADER$")
            if(said)
                cmake_path(GET header FILENAME name)
                # g++ knows headers by their names without folders.
                string(PREPEND text "#pragma implementation \"${name}\"\n")
                string(APPEND text "#include <${header}>\n")
            endif()
        endforeach()
        file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/${target}/${folder}.cpp" CONTENT "${text}")
        list(APPEND sources "${CMAKE_CURRENT_BINARY_DIR}/${target}/${folder}.cpp")
    endforeach()
    add_library(${target} STATIC ${sources})
    target_link_libraries(${target} PUBLIC deepgemm::deepgemm)
    target_compile_options(${target} PRIVATE ${deepgemm_warnings} $<$<CONFIG:Release>:-O1>)
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_compile_definitions(${target} PUBLIC
        $<$<NOT:$<BOOL:$<TARGET_PROPERTY:DEEPGEMM_HEADER_ONLY>>>:DEEPGEMM_COMPILED_LIBRARY>)
endfunction()

deepgemm_compiled(deepgemm_compiled sim reference host ops)
target_link_libraries(deepgemm_development INTERFACE deepgemm_compiled)
if(TARGET deepgemm::rtc_development)
    deepgemm_compiled(deepgemm_compiled_rtc rtc)
    target_include_directories(deepgemm_compiled_rtc SYSTEM PRIVATE "${DEEPGEMM_NVRTC_INCLUDE_DIR}")
    target_link_libraries(deepgemm_compiled_rtc PUBLIC deepgemm_compiled "${DEEPGEMM_NVRTC}" "${DEEPGEMM_CUDART}" Threads::Threads)
    target_link_libraries(deepgemm_rtc_development INTERFACE deepgemm_compiled_rtc)
endif()
