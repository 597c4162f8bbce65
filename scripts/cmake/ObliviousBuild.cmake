# How every target of the project is compiled, and the three functions that declare one.

option(OBLIV_TESTS "Build the tests" ON)
option(OBLIV_FUZZ "Build the fuzz targets (needs clang)" OFF)
option(OBLIV_WERROR "Treat warnings as errors" OFF)
option(OBLIV_COVERAGE "Instrument for line coverage" OFF)
option(OBLIV_TOGETHER "Compile several files of a folder as one, which reads the headers they share once" OFF)
set(OBLIV_PROFILE "" CACHE STRING "Empty; 'make': programs that write down what runs often; 'use': optimise by that")
set(OBLIV_SANITIZE "" CACHE STRING "Sanitizers to build with: empty, 'address,undefined' or 'thread'")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

find_program(OBLIV_CCACHE ccache)
if(OBLIV_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${OBLIV_CCACHE}")
endif()

add_library(obliv_flags INTERFACE)
target_compile_options(obliv_flags INTERFACE -Wall -Wextra -Wconversion)
if(OBLIV_TOGETHER)
    # A file's own types are taken for a header's where it is included, and GCC 12 loses sight of what is
    # initialised in what gets this large.
    target_compile_options(obliv_flags INTERFACE
        $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage -Wno-maybe-uninitialized>)
else()
    target_compile_options(obliv_flags INTERFACE -Wshadow)  # together, of what only a neighbour knows
endif()
# So that the same file gives the same object (and a ccache hit) wherever the tree lies.
target_compile_options(obliv_flags INTERFACE "-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=")
target_include_directories(obliv_flags INTERFACE "${CMAKE_SOURCE_DIR}" "${CMAKE_BINARY_DIR}/generated")
if(OBLIV_WERROR)
    target_compile_options(obliv_flags INTERFACE -Werror)
endif()
if(OBLIV_SANITIZE)
    add_compile_options("-fsanitize=${OBLIV_SANITIZE}" -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options("-fsanitize=${OBLIV_SANITIZE}")
endif()
if(OBLIV_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
        -fno-omit-frame-pointer)
    add_link_options(-fsanitize=address,undefined)
endif()
# The relay's work is spread over a thousand small functions: knowing which of them run puts them side by side,
# which a processor's caches reward. Objects find their profiles beside themselves.
if(OBLIV_PROFILE STREQUAL "make")
    add_compile_options(-fprofile-generate -fprofile-update=prefer-atomic)
    add_link_options(-fprofile-generate)
elseif(OBLIV_PROFILE STREQUAL "use")
    add_compile_options(-fprofile-use -fprofile-correction -fprofile-partial-training -Wno-missing-profile)
    set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
    # GCC 12 loses sight of the sizes of views and texts when it joins files, and warns of what cannot be.
    add_link_options(-Wno-stringop-overflow -Wno-stringop-overread)
endif()
if(OBLIV_COVERAGE)
    add_compile_options(--coverage -fprofile-update=atomic)
    add_link_options(--coverage)
endif()

# Most of a file's compile time goes into the headers it shares with its neighbours.
function(obliv_together target)
    if(NOT OBLIV_TOGETHER)
        return()
    endif()
    get_target_property(sources ${target} SOURCES)
    list(FILTER sources EXCLUDE REGEX "^/")  # what the build makes
    execute_process(COMMAND "${Python3_EXECUTABLE}" -B "${CMAKE_SOURCE_DIR}/scripts/unity_groups.py" ${sources}
        WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" OUTPUT_VARIABLE groups OUTPUT_STRIP_TRAILING_WHITESPACE
        COMMAND_ERROR_IS_FATAL ANY)
    foreach(source group IN ZIP_LISTS sources groups)
        set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${group})
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source} "${CMAKE_SOURCE_DIR}/scripts/unity_groups.py")
    endforeach()
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
endfunction()

# obliv_library(name SOURCES a.cpp ... USES lib ...): one static library per folder. USES repeats the
# arrows of scripts/check_layers.py, and is public: who uses a library sees what its headers include.
function(obliv_library name)
    cmake_parse_arguments(ARG "" "" "SOURCES;USES" ${ARGN})
    add_library(${name} STATIC ${ARG_SOURCES})
    target_link_libraries(${name} PUBLIC obliv_flags ${ARG_USES})
    obliv_together(${name})
endfunction()

# obliv_program(name SOURCES ... USES ...): a program, put where the functional tests look for it.
function(obliv_program name)
    cmake_parse_arguments(ARG "" "" "SOURCES;USES" ${ARGN})
    add_executable(${name} ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE obliv_flags ${ARG_USES})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
endfunction()

# As much slower as a sanitizer makes a program.
set(sanitized_takes 4)

# What `scripts/test --unit` builds: the unit tests and nothing else.
add_custom_target(unit_tests)

# obliv_unit_test(folder SOURCES ... USES ...): one Catch2 program per folder, one ctest entry, label "unit".
function(obliv_unit_test folder)
    cmake_parse_arguments(ARG "" "" "SOURCES;USES" ${ARGN})
    set(target test_${folder})
    add_executable(${target} ${ARG_SOURCES})
    target_link_libraries(${target} PRIVATE obliv_flags catch_main test_support ${ARG_USES})
    # Nine tenths of a test's time go into compiling it: half of that was optimisation.
    target_compile_options(${target} PRIVATE $<$<CONFIG:Debug>:-O0>)
    target_compile_definitions(${target} PRIVATE OBLIV_FIXTURES="${CMAKE_SOURCE_DIR}/tests/fixtures")
    obliv_together(${target})
    add_dependencies(unit_tests ${target})
    set(timeout 300)
    if(OBLIV_SANITIZE)
        math(EXPR timeout "${sanitized_takes} * ${timeout}")
    endif()
    add_test(NAME unit.${folder} COMMAND ${target})
    set_tests_properties(unit.${folder} PROPERTIES LABELS unit TIMEOUT ${timeout})
endfunction()

# obliv_python_test(name FILE f.py LABEL unit|functional [TIMEOUT seconds]): a Python unittest file, one
# ctest entry. It finds the programs in OBLIV_BIN_DIR and the sources in OBLIV_SOURCE_DIR.
function(obliv_python_test name)
    cmake_parse_arguments(ARG "" "FILE;LABEL;TIMEOUT" "" ${ARGN})
    if(NOT ARG_TIMEOUT)
        set(ARG_TIMEOUT 180)
    endif()
    if(OBLIV_SANITIZE)
        math(EXPR ARG_TIMEOUT "${sanitized_takes} * ${ARG_TIMEOUT}")
    endif()
    add_test(NAME ${name} COMMAND "${Python3_EXECUTABLE}" -B "${ARG_FILE}")
    set_tests_properties(${name} PROPERTIES
        LABELS ${ARG_LABEL}
        TIMEOUT ${ARG_TIMEOUT}
        ENVIRONMENT "OBLIV_BIN_DIR=${CMAKE_BINARY_DIR}/bin;OBLIV_BUILD_DIR=${CMAKE_BINARY_DIR};OBLIV_SOURCE_DIR=${CMAKE_SOURCE_DIR}")
endfunction()
