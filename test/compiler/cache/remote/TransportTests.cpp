#include "compiler/cache/remote/Transport.h"

#include <gmock/gmock.h>

using namespace tenon;
using namespace tenon::cache;
using testing::HasSubstr;
using testing::Not;

namespace {

TEST(Transport, UrlsArePlain) {
  Patience patience(std::chrono::seconds(1));
  for (const char *url : {"file:///tmp", "http://host", "https://host/a/b/", "http://user:pw@host:81/x"})
    EXPECT_TRUE(openTransport(url, patience).isOk()) << url;
  for (const char *url : {"", "/tmp", "file://host/x", "file:///", "http://", "ftp://host/x", "http://host/a?b",
                          "http://host/a#b", "http://host/a b", "http://host/a\nb", "file:///a%20b"}) {
    auto opened = openTransport(url, patience);
    ASSERT_FALSE(opened.isOk()) << url;
    EXPECT_EQ(opened.status().code(), Code::Usage) << url;
  }
  EXPECT_THAT(openTransport("gopher://me:secret@host/", patience).status().message(), Not(HasSubstr("secret")));
}

TEST(Transport, PasswordsAreMasked) {
  EXPECT_EQ(maskUrl("http://me:se@cret@host/a@b"), "http://***@host/a@b");
  EXPECT_EQ(maskUrl("https://host/a@b"), "https://host/a@b");
  EXPECT_EQ(maskUrl("https://me@host"), "https://***@host");
  EXPECT_EQ(maskUrl("no url"), "no url");
}

} // namespace
