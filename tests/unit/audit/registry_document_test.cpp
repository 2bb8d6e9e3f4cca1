#include "tests/audit/registry_document.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace wardline::testing {
namespace {

std::string audit_document() {
    std::ifstream file{std::string{WARDLINE_SOURCE_DIR} + "/docs/audit.md"};
    return {std::istreambuf_iterator<char>{file}, {}};
}

TEST(AuditDocument, ListsTheEntriesOfTheRegistry) {
    EXPECT_EQ(with_registry(audit_document()), audit_document())
        << "cmake --build --preset release --target audit_registry_document";
}

TEST(AuditDocument, IsNoticedToDifferByOneLetter) {
    auto document = audit_document();
    const auto place = document.find("whose thread it is");
    ASSERT_NE(place, std::string::npos);
    document[place] = 'W';

    EXPECT_NE(with_registry(document), document);
}

TEST(AuditDocument, NeedsItsMarkers) {
    EXPECT_THROW(with_registry("# Title\n"), std::runtime_error);
}

}  // namespace
}  // namespace wardline::testing
