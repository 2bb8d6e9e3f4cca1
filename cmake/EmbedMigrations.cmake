# Run as a script: writes OUTPUT, a .cpp with the text and SHA-256 of each migration below FOLDER.
# Files are named NNNN_name.sql and numbered 1, 2, 3 ... without gaps within their set.

function(rows_of set out)
    file(GLOB files "${FOLDER}/${set}/*.sql")
    list(SORT files)
    set(rows "")
    set(expected 1)
    foreach(file IN LISTS files)
        get_filename_component(name "${file}" NAME_WE)
        if(NOT name MATCHES "^0*([1-9][0-9]*)_([a-z0-9_]+)$")
            message(FATAL_ERROR "${file}: a migration is named NNNN_name.sql")
        endif()
        set(number "${CMAKE_MATCH_1}")
        if(NOT number EQUAL expected)
            message(FATAL_ERROR "${file}: expected migration number ${expected}")
        endif()
        math(EXPR expected "${expected} + 1")
        file(READ "${file}" sql)
        file(SHA256 "${file}" sha256)
        string(FIND "${sql}" ")wardline_sql\"" clash)
        if(NOT clash EQUAL -1)
            message(FATAL_ERROR "${file}: contains the raw string delimiter )wardline_sql")
        endif()
        string(APPEND rows
            "    {${number}, \"${name}\", R\"wardline_sql(${sql})wardline_sql\", \"${sha256}\"},\n")
    endforeach()
    set(${out} "${rows}" PARENT_SCOPE)
endfunction()

# An array may not be empty, so each set ends in a row that is not handed out.
rows_of(main main_rows)
rows_of(keys keys_rows)
file(WRITE "${OUTPUT}" "// Generated from storage/migrations. Do not edit.
#include \"storage/migration_list.hpp\"

#include <cstddef>

namespace wardline::storage {
namespace {

constexpr Migration kMain[] = {
${main_rows}    {0, {}, {}, {}},
};

constexpr Migration kKeys[] = {
${keys_rows}    {0, {}, {}, {}},
};

}  // namespace

std::span<const Migration> main_migrations() {
    return std::span{kMain}.first(std::size(kMain) - 1);
}

std::span<const Migration> key_migrations() {
    return std::span{kKeys}.first(std::size(kKeys) - 1);
}

}  // namespace wardline::storage
")
