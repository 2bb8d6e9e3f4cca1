# wardline_embed_migrations(OUT)
# Sets OUT to a generated .cpp that holds every storage/migrations/{main,keys}/NNNN_name.sql with
# its SHA-256, behind the functions of storage/migration_list.hpp.
function(wardline_embed_migrations out)
    set(folder "${CMAKE_SOURCE_DIR}/storage/migrations")
    set(source "${CMAKE_CURRENT_BINARY_DIR}/embedded_migrations.cpp")
    file(GLOB files CONFIGURE_DEPENDS "${folder}/main/*.sql" "${folder}/keys/*.sql")
    # The list itself is an input too: removing a file must regenerate.
    set(list_file "${CMAKE_CURRENT_BINARY_DIR}/migrations.list")
    file(CONFIGURE OUTPUT "${list_file}" CONTENT "${files}\n" @ONLY)
    add_custom_command(
        OUTPUT "${source}"
        COMMAND "${CMAKE_COMMAND}" "-DFOLDER=${folder}" "-DOUTPUT=${source}"
            -P "${CMAKE_SOURCE_DIR}/cmake/EmbedMigrations.cmake"
        DEPENDS ${files} "${list_file}" "${CMAKE_SOURCE_DIR}/cmake/EmbedMigrations.cmake"
        COMMENT "Embedding the migrations"
        VERBATIM)
    set(${out} "${source}" PARENT_SCOPE)
endfunction()
