// Entries that somebody vouches for.
#include "test/compiler/cache/remote/RemoteFixture.h"

using namespace tenon;
using namespace tenon::cache;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;

namespace fs = std::filesystem;

namespace {

class SignedRemoteTest : public RemoteTest {
protected:
  SignedRemoteTest() {
    for (const char *name : {"ci", "foreign"}) {
      auto key = trust::generateKey(name);
      EXPECT_TRUE(key.isOk() && trust::writeKeyPair(*key, file(name), file(name) + ".pub").isOk());
    }
  }
  std::string file(const std::string &name) const { return folder_ + "/" + name; }
  void sign(const std::string &key) { remote_.signingKey = key.empty() ? "" : file(key); }
  void trust(const std::string &key) { remote_.trustedKeys = key.empty() ? "" : file(key) + ".pub"; }
};

TEST_F(SignedRemoteTest, TakesWhatIsSigned) {
  sign("ci");
  EXPECT_EQ(share("a", "bytes").entries, 1u);
  EXPECT_EQ(share("a", "bytes").entries, 0u);
  sign("");
  trust("ci");
  EXPECT_THAT(fetch("a"), Optional(std::string("bytes")));
  trust("");
  EXPECT_THAT(fetch("a"), Optional(std::string("bytes"))) << "who trusts all takes it, too";
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(SignedRemoteTest, UnsignedAndForeignEntriesAreMisses) {
  trust("ci");
  for (const std::string key : {"", "foreign"}) {
    fs::remove_all(folder_ + "/shared/ac");
    trust("");
    sign(key);
    EXPECT_EQ(share("a", "bytes").entries, 1u);
    sign("");
    trust("ci");
    warnings_.clear();
    auto remote = connect();
    EXPECT_EQ(fetch(*remote, "a"), std::nullopt);
    EXPECT_THAT(warnings_, ElementsAre(HasSubstr("expected a signature of a trusted key")));
    EXPECT_EQ(fetch(*remote, "a"), std::nullopt);
    EXPECT_EQ(warnings_.size(), 1u) << "said once";
    EXPECT_FALSE(remote->isOff());
    expectNothing();
  }
}

TEST_F(SignedRemoteTest, AnyChangeBreaksTheSignature) {
  sign("ci");
  share("a", "bytes");
  trust("ci");
  auto shared = parseSharedEntry(read(only("ac")));
  ASSERT_TRUE(shared.isOk());
  Manifest changed = shared->manifest;
  changed.parts[0].digest[0] ^= 1;
  overwrite(only("ac"), sharedEntryText(changed, nullptr) + trust::formatSignature(shared->signatures[0]));
  EXPECT_EQ(fetch("a"), std::nullopt);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("the signature of 'ci'")));
}

// Who signs makes good what others cannot use.
TEST_F(SignedRemoteTest, TheSignerReplacesOthersEntries) {
  EXPECT_EQ(share("a", "bytes").entries, 1u);
  sign("ci");
  EXPECT_EQ(share("a", "bytes").entries, 1u);
  trust("ci");
  EXPECT_TRUE(fetch("a").has_value());
}

// A secret key alone asks for signatures, too: what is made of an entry becomes the signer's word.
TEST_F(SignedRemoteTest, TheSignerTakesNothingUnsigned) {
  EXPECT_EQ(share("a", "bytes").entries, 1u);
  sign("ci");
  EXPECT_EQ(fetch("a"), std::nullopt);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("expected a signature of a trusted key")));
  EXPECT_EQ(share("a", "bytes").entries, 1u) << "made instead, and put in its place";
  EXPECT_THAT(fetch("a"), Optional(std::string("bytes")));
  fs::remove_all(folder_ + "/b");
  sign("foreign");
  EXPECT_EQ(fetch("a"), std::nullopt);
  trust("ci");
  EXPECT_THAT(fetch("a"), Optional(std::string("bytes"))) << "trusted keys count beside one's own";
}

// What somebody unknown made is not vouched for by passing it on.
TEST_F(SignedRemoteTest, NothingIsSignedThatCameUnsigned) {
  share("a", "bytes");
  ASSERT_TRUE(fetch("a").has_value());
  sign("ci");
  Store store = at("b");
  const Key key = keyFor("a");
  EXPECT_EQ(connect()->share(store, {&key, 1}).entries, 0u);
  ASSERT_TRUE(share("a", "bytes").entries == 1u) << "the maker may";
  trust("ci");
  ASSERT_TRUE(fetch("a").has_value());
  fs::remove_all(folder_ + "/shared/ac");
  Store other = at("b");
  EXPECT_EQ(connect()->share(other, {&key, 1}).entries, 1u) << "a trusted signature stands behind it now";
}

TEST_F(SignedRemoteTest, WithoutAKeyNothingIsPutThatNobodyTakes) {
  trust("ci");
  EXPECT_EQ(share("a", "bytes").entries, 0u);
  EXPECT_FALSE(fs::exists(folder_ + "/shared/ac"));
}

TEST_F(SignedRemoteTest, KeysMustBeReadable) {
  remote_.trustedKeys = folder_ + "/none";
  EXPECT_FALSE(Remote::open(remote_).isOk());
  remote_.trustedKeys = file("ci"); // a secret one
  EXPECT_FALSE(Remote::open(remote_).isOk());
  remote_.trustedKeys.clear();
  remote_.signingKey = file("ci") + ".pub";
  EXPECT_FALSE(Remote::open(remote_).isOk());
}

} // namespace
