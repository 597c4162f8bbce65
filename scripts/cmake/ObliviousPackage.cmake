# What `cmake --install` places where, and the two .debs that CPack makes of it: `obliv` and `oblivd`.
# The presets install to /usr, because the units name /usr/bin.
# Packaging takes what was built; it builds nothing, so that a package can be made of one target's outcome.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY TRUE)
include(GNUInstallDirs)

# obliv_install_manual(component page...): man pages, each into the section that its name ends in.
function(obliv_install_manual component)
    foreach(page IN LISTS ARGN)
        string(REGEX MATCH "[0-9]$" section "${page}")
        install(FILES "${page}" DESTINATION "${CMAKE_INSTALL_MANDIR}/man${section}" COMPONENT ${component})
    endforeach()
endfunction()

# obliv_install_completions(program): where Debian's shells look for what packages bring.
function(obliv_install_completions program)
    set(from "${CMAKE_SOURCE_DIR}/completions")
    install(FILES "${from}/${program}.bash" DESTINATION share/bash-completion/completions
        RENAME ${program} COMPONENT ${program})
    install(FILES "${from}/${program}.zsh" DESTINATION share/zsh/vendor-completions
        RENAME _${program} COMPONENT ${program})
    install(FILES "${from}/${program}.fish" DESTINATION share/fish/vendor_completions.d COMPONENT ${program})
endfunction()

foreach(program IN ITEMS obliv oblivd)
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT ${program})
    obliv_install_completions(${program})
    # Each has its own copy, so that either is whole without the other.
    install(DIRECTORY "${CMAKE_BINARY_DIR}/share/obliv/vocabularies" DESTINATION share/${program} COMPONENT ${program})
    add_dependencies(${program} vocabularies)
    install(FILES "${CMAKE_SOURCE_DIR}/LICENSE" DESTINATION share/doc/${program} RENAME copyright COMPONENT ${program})
endforeach()
# Where obliv looks for it: ../share beside its own folder, in the build tree too.
configure_file("${CMAKE_SOURCE_DIR}/data/prices.json" "${CMAKE_BINARY_DIR}/share/obliv/prices.json" COPYONLY)
install(FILES "${CMAKE_SOURCE_DIR}/data/prices.json" DESTINATION share/obliv COMPONENT obliv)
file(GLOB pages CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/man/obliv.1" "${CMAKE_SOURCE_DIR}/man/obliv-*.1")
obliv_install_manual(obliv ${pages})
file(GLOB pages CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/man/oblivd*.[58]")
obliv_install_manual(oblivd ${pages})

set(packaging "${CMAKE_SOURCE_DIR}/daemon/packaging")
install(FILES "${packaging}/oblivd.service" "${packaging}/oblivd.socket"
    DESTINATION lib/systemd/system COMPONENT oblivd)
install(FILES "${packaging}/oblivd.sysusers" DESTINATION lib/sysusers.d RENAME oblivd.conf COMPONENT oblivd)
install(FILES "${packaging}/oblivd.tmpfiles" DESTINATION lib/tmpfiles.d RENAME oblivd.conf COMPONENT oblivd)
install(FILES "${packaging}/oblivd.toml" DESTINATION "${CMAKE_INSTALL_FULL_SYSCONFDIR}/oblivd" COMPONENT oblivd)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_VENDOR "Oblivious")
set(CPACK_PACKAGE_CONTACT "The Oblivious maintainers <maintainers@localhost>")
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_COMPONENTS_ALL obliv oblivd)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_STRIP_FILES ON)
# Files outside the prefix (/etc) go below DESTDIR, not into the machine that packages.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_OBLIV_PACKAGE_NAME obliv)
set(CPACK_DEBIAN_OBLIV_PACKAGE_SECTION utils)
set(CPACK_COMPONENT_OBLIV_DESCRIPTION "command line for LLM servers and for oblivd
 Chats in a terminal, asks from scripts, and manages the channels, tokens,
 prices and bills of an oblivd, local or remote. It also speaks straight to any
 OpenAI-compatible server.")
set(CPACK_DEBIAN_OBLIVD_PACKAGE_NAME oblivd)
set(CPACK_DEBIAN_OBLIVD_PACKAGE_SECTION net)
set(CPACK_DEBIAN_OBLIVD_PACKAGE_RECOMMENDS obliv)
set(CPACK_DEBIAN_OBLIVD_PACKAGE_DEPENDS "systemd | systemd-standalone-sysusers, ca-certificates")
set(CPACK_COMPONENT_OBLIVD_DESCRIPTION "relay for LLM API calls that bills exactly
 Relays calls to any number of providers, checks and limits who calls, and
 charges every call to the last nano-dollar in a double-entry ledger. Its state
 is one SQLite file.")
set(CPACK_DEBIAN_OBLIVD_PACKAGE_CONTROL_EXTRA
    "${packaging}/conffiles" "${packaging}/postinst" "${packaging}/prerm" "${packaging}/postrm")
include(CPack)
