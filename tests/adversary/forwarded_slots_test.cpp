#include "tests/adversary/practice.hpp"

// A client that adds slots for a new reader is shown messages of somebody else: their keys must not
// go to that reader.
namespace wardline::adversary {
namespace {

class ForwardedSlotsTest : public PracticeTest {};

TEST_F(ForwardedSlotsTest, SlotsOfAnotherPatientsMessagesAreNotAddedForThisOne) {
    ASSERT_NO_FATAL_FAILURE(add_patient(kOther, "other"));
    send("anna", "for 4712 alone", "clinical", kOther);
    // The server answers questions about 4711's slots with what it has of 4712's.
    people_.erase("patient");
    enrol("patient-new", at("anna").invite_patient(kPatient));
    const auto waiting = at("anna").unconfirmed(kPatient);
    ASSERT_TRUE(waiting) << waiting.error().detail;
    Json others;
    Json handed_over = Json::array();
    const auto thread_of_other = at("anna").open_thread(kOther);
    ASSERT_TRUE(thread_of_other);
    const auto page = at("anna").history(kOther, 10);
    ASSERT_TRUE(page);
    const auto thread = cbor::binary(page.value().messages.front().thread.view());
    server().lie({.request = [&](const Line&, Json& request) {
        if (request.at("t") == "slots") request["thread"] = thread;
        if (request.at("t") == "add-slots") handed_over.push_back(request);
        return true;
    }});
    const auto& device = waiting.value().front();
    const auto confirmed = at("anna").identity_confirm(kPatient, device.id, device.fingerprint);
    server().be_honest();

    EXPECT_EQ(handed_over, Json::array());
    EXPECT_NE(alarm_of(confirmed), "");
}

}  // namespace
}  // namespace wardline::adversary
