#include "runtime/trust/Keys.h"
#include "test/runtime/trust/TrustTesting.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tenon::trust {
namespace {

using test::Folder;
using test::writeText;
using testing::HasSubstr;
using testing::Not;

SecretKey newKey(const std::string &comment) {
  auto key = generateKey(comment);
  EXPECT_TRUE(key.isOk());
  return *std::move(key);
}

mode_t modeOf(const std::string &path) {
  struct stat info;
  EXPECT_EQ(stat(path.c_str(), &info), 0);
  return info.st_mode & 07777;
}

TEST(KeyFiles, ComeBackAsTheyWereWritten) {
  Folder folder;
  for (const char *comment : {"", "release 2026", "~"}) {
    const SecretKey key = newKey(comment);
    const std::string name = folder.file(std::string("k") + comment);
    ASSERT_TRUE(writeKeyPair(key, name + ".key", name + ".pub").isOk());
    EXPECT_EQ(modeOf(name + ".key"), 0600u);
    auto secret = readSecretKey(name + ".key");
    ASSERT_TRUE(secret.isOk()) << secret.status().message();
    EXPECT_EQ(secret->seed.bytes(), key.seed.bytes());
    EXPECT_EQ(secret->comment, comment);
    auto open = readPublicKeys(name + ".pub");
    ASSERT_TRUE(open.isOk()) << open.status().message();
    ASSERT_EQ(open->size(), 1u);
    EXPECT_EQ((*open)[0].bytes, publicOf(key.seed));
    EXPECT_EQ(formatPublicKey((*open)[0]), test::contentOf(name + ".pub"));
  }
}

TEST(KeyFiles, AreNeverOverwritten) {
  Folder folder;
  const SecretKey key = newKey("");
  const std::string secret = folder.file("k.key"), open = folder.file("k.pub");
  writeText(secret, "precious");
  Status status = writeKeyPair(key, secret, open);
  EXPECT_EQ(status.code(), Code::Usage);
  EXPECT_EQ(test::contentOf(secret), "precious");
  EXPECT_NE(access(open.c_str(), F_OK), 0) << "half a pair was left behind";
  unlink(secret.c_str());
  writeText(open, "precious");
  EXPECT_EQ(writeKeyPair(key, secret, open).code(), Code::Usage);
  EXPECT_EQ(test::contentOf(open), "precious");
  EXPECT_NE(access(secret.c_str(), F_OK), 0);
  unlink(open.c_str());
  ASSERT_EQ(symlink("/nowhere/else", secret.c_str()), 0);
  EXPECT_FALSE(writeKeyPair(key, secret, open).isOk());
  EXPECT_NE(access(open.c_str(), F_OK), 0);
}

TEST(KeyFiles, FoldersThatAreNotThereAreAMisuse) {
  Folder folder;
  const std::string name = folder.file("absent") + "/k";
  Status status = writeKeyPair(newKey(""), name + ".key", name + ".pub");
  EXPECT_EQ(status.code(), Code::Usage);
  EXPECT_THAT(status.message(), HasSubstr("k.pub': expected a folder that exists"));
}

TEST(KeyFiles, SecretsThatOthersMayReadAreRefused) {
  Folder folder;
  const std::string secret = folder.file("k.key");
  ASSERT_TRUE(writeKeyPair(newKey(""), secret, folder.file("k.pub")).isOk());
  for (mode_t mode : {0640, 0604, 0644, 0610, 0601, 0660, 0602}) {
    chmod(secret.c_str(), mode);
    auto key = readSecretKey(secret);
    ASSERT_FALSE(key.isOk()) << mode;
    EXPECT_EQ(key.status().code(), Code::Usage);
    EXPECT_THAT(key.status().message(), HasSubstr("chmod 600"));
  }
  chmod(secret.c_str(), 0400);
  EXPECT_TRUE(readSecretKey(secret).isOk());
}

TEST(KeyFiles, OddFilesAreRefused) {
  Folder folder;
  EXPECT_EQ(readSecretKey(folder.file("none")).status().code(), Code::InvalidFile);
  EXPECT_EQ(readPublicKeys(folder.file("")).status().code(), Code::InvalidFile);
  const std::string fifo = folder.file("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(readSecretKey(fifo).status().code(), Code::InvalidFile); // and does not wait for a writer
  EXPECT_EQ(readPublicKeys("/dev/zero").status().code(), Code::InvalidFile);
  writeText(folder.file("large"), std::string(1 << 20, 'x'));
  EXPECT_EQ(readPublicKeys(folder.file("large")).status().code(), Code::InvalidFile);
}

TEST(KeyRing, IsMadeWithCat) {
  std::string text;
  for (int i = 0; i < 5; ++i)
    text += formatPublicKey(newKey("key " + std::to_string(i)).publicKey());
  auto keys = parsePublicKeys(text, "ring");
  ASSERT_TRUE(keys.isOk()) << keys.status().message();
  ASSERT_EQ(keys->size(), 5u);
  EXPECT_EQ((*keys)[3].comment, "key 3");
  // A key that is in two of the files, and empty lines between them, are nothing new.
  auto twice = parsePublicKeys("\n" + text + "\n\n" + text + "\n", "ring");
  ASSERT_TRUE(twice.isOk()) << twice.status().message();
  ASSERT_EQ(twice->size(), 5u);
  EXPECT_EQ((*twice)[4].bytes, (*keys)[4].bytes);
  PublicKey renamed = (*keys)[0];
  renamed.comment = "another name";
  auto first = parsePublicKeys(text + formatPublicKey(renamed), "ring");
  ASSERT_TRUE(first.isOk());
  EXPECT_EQ((*first)[0].comment, "key 0");
  EXPECT_FALSE(parsePublicKeys(text + "tenon-public-key-1 " + keyText(renamed.bytes) + "x\n", "ring").isOk());
  EXPECT_THAT(parsePublicKeys("\n\n", "ring").status().message(),
              HasSubstr("'ring': expected at least one public key"));
}

TEST(KeyRing, EveryWrongByteIsRefused) {
  const std::string key = keyText(publicOf(newKey("").seed)), purpose = "tenon-public-key-1";
  const std::string zeros = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  ASSERT_TRUE(parsePublicKeys(purpose + " " + key + "\n", "k").isOk());
  for (const std::string &text : {
           std::string(),
           std::string("\n"),
           purpose + "\n",
           purpose + " \n",
           purpose + " " + key,                 // no end of line
           purpose + " " + key + "\r\n",        // another system's end
           purpose + " " + key + " \n",         // a comment of nothing
           purpose + " " + key + "  two\n",     // two spaces
           purpose + " " + key + " end \n",     //
           purpose + " " + key + " a\tb\n",     //
           purpose + " " + key + " \x1b[2J\n",  // a terminal's command
           purpose + " " + key + " \xc3\xa9\n", // not ASCII
           purpose + " " + key + " " + std::string(129, 'c') + "\n",
           purpose + " " + key + "x\n",
           purpose + " " + key.substr(0, 43) + "\n", // no padding
           purpose + "  " + key + "\n",
           " " + purpose + " " + key + "\n",
           purpose + " " + zeros + "\n", // no point that a key can be
           "tenon-public-key-2 " + key + "\n",
           "tenon-secret-key-1 " + key + "\n",
           purpose + " " + key + std::string("\n\0", 2),
       }) {
    auto keys = parsePublicKeys(text, "k");
    EXPECT_FALSE(keys.isOk()) << text;
    if (!keys.isOk())
      EXPECT_EQ(keys.status().code(), Code::InvalidFile);
  }
  std::string many;
  for (int i = 0; i < 1025; ++i)
    many += formatPublicKey(newKey("").publicKey());
  EXPECT_FALSE(parsePublicKeys(many, "k").isOk());
  EXPECT_TRUE(parsePublicKeys(many.substr(0, many.size() / 1025 * 1024), "k").isOk());
}

// 32 bytes leave two bits of the last digit unused: they must be zero, or one key had four spellings.
TEST(KeyRing, Base64IsCanonical) {
  const std::string good = formatPublicKey(newKey("").publicKey());
  static const std::string kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const size_t last = good.size() - 3;
  ASSERT_EQ(good[last + 1], '=');
  for (size_t other = 1; other < 4; ++other) {
    std::string text = good;
    text[last] = kDigits[(kDigits.find(text[last]) & ~size_t(3)) + other];
    EXPECT_FALSE(parsePublicKeys(text, "k").isOk());
  }
}

TEST(SecretKeys, TheTextIsNeverInAMessage) {
  Folder folder;
  const std::string secret = folder.file("k.key");
  ASSERT_TRUE(writeKeyPair(newKey("mine"), secret, folder.file("k.pub")).isOk());
  const std::string good = test::contentOf(secret);
  const std::string text = good.substr(19, 43);
  EXPECT_FALSE(parseSecretKey(good + good, "k").isOk());
  std::mt19937 random(7);
  int refused = 0;
  for (int round = 0; round < 3000; ++round) {
    auto key = parseSecretKey(test::mutated(good, random), "k");
    if (key.isOk())
      continue; // another key, or another comment
    ++refused;
    EXPECT_EQ(key.status().code(), Code::InvalidFile);
    EXPECT_THAT(key.status().message(), Not(HasSubstr(text.substr(0, 8))));
    EXPECT_THAT(key.status().message(), Not(HasSubstr(text.substr(20, 8))));
  }
  EXPECT_GT(refused, 1000);
  auto open = parsePublicKeys(good, "ring"); // the wrong file named: says so, and does not print it
  EXPECT_THAT(open.status().message(), HasSubstr("found 'tenon-secret-key-1'"));
  EXPECT_THAT(open.status().message(), Not(HasSubstr(text.substr(0, 8))));
}

TEST(SecretKeys, CommentsAreChecked) {
  for (const char *comment : {" x", "x ", "a\nb", "\x7f"})
    EXPECT_EQ(generateKey(comment).status().code(), Code::Usage);
  EXPECT_NE(newKey("").seed.bytes(), newKey("").seed.bytes());
}

} // namespace
} // namespace tenon::trust
