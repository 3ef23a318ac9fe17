// http:// against a server that lies, fails, stands still and leads astray. A timeout here is as short as the wait that
// the test is about; where no waiting is meant, it is a minute.
#include "test/compiler/cache/remote/LyingServer.h"
#include "test/compiler/cache/remote/RemoteFixture.h"

#include <chrono>

using namespace tenon;
using namespace tenon::cache;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Optional;
using testing::StartsWith;

namespace {

class HttpRemoteTest : public RemoteTest {
protected:
  HttpRemoteTest() { remote_.url = server_.url(); }

  void lieOnGet(const std::string &prefix, HttpReply reply) {
    server_.lie = [=](const HttpRequest &request, HttpReply &out) {
      out = reply;
      return request.verb == "GET" && request.path.starts_with(prefix);
    };
  }
  const std::string &fileBelow(const std::string &prefix) { return server_.files.lower_bound(prefix)->second; }

  // The entry is not had, with one warning that says `why`, within the time that is promised.
  void expectMiss(const std::string &why) {
    warnings_.clear();
    const auto start = std::chrono::steady_clock::now();
    auto remote = connect();
    EXPECT_EQ(fetch(*remote, "a"), std::nullopt) << why;
    const size_t asked = server_.log().size();
    EXPECT_EQ(fetch(*remote, "a"), std::nullopt) << why;
    EXPECT_EQ(server_.log().size(), asked) << "it is not asked again";
    EXPECT_THAT(warnings_, ElementsAre(HasSubstr(why)));
    EXPECT_LT(std::chrono::steady_clock::now() - start, 30s) << why;
    expectNothing();
  }

  LyingServer server_;
};

TEST_F(HttpRemoteTest, CarriesEntries) {
  remote_.url += "/some/prefix/";
  const std::string large = random(12 << 20);
  EXPECT_EQ(share("a", large, Kind::Weights).entries, 1u);
  EXPECT_EQ(share("a", large, Kind::Weights).entries, 0u);
  EXPECT_TRUE(fetch("a", Kind::Weights) == large);
  EXPECT_EQ(fetch("b"), std::nullopt);
  EXPECT_THAT(warnings_, IsEmpty());
  EXPECT_THAT(server_.log(), ElementsAre(StartsWith("HEAD /some/prefix/ac/"), StartsWith("HEAD /some/prefix/cas/"),
                                         StartsWith("PUT /some/prefix/cas/"), StartsWith("PUT /some/prefix/ac/"),
                                         StartsWith("HEAD /some/prefix/ac/"), StartsWith("GET /some/prefix/ac/"),
                                         StartsWith("GET /some/prefix/cas/"), StartsWith("GET /some/prefix/ac/")));
}

TEST_F(HttpRemoteTest, ErrorsAreMisses) {
  share("a", "bytes of a");
  for (const int status : {400, 401, 403, 500, 502, 503, 206, 204})
    for (const char *prefix : {"/ac/", "/cas/"}) {
      lieOnGet(prefix, answer(status, status == 204 ? "" : "an error page"));
      expectMiss("the server answers " + std::to_string(status));
    }
  lieOnGet("/ac/", answer(404, std::string(2 << 20, 'x')));
  expectMiss("more bytes arrive");
  lieOnGet("/ac/", answer(410));
  EXPECT_EQ(fetch("a"), std::nullopt);
}

TEST_F(HttpRemoteTest, LiesAreFound) {
  share("a", "bytes of a");
  const std::string part = fileBelow("/cas/"), entry = fileBelow("/ac/");
  lieOnGet("/cas/", answer(200, compressed("bytes of b")));
  expectMiss("does not have its digest");
  lieOnGet("/cas/", answer(200, compressed("bytes of a and more")));
  expectMiss("longer than its 10 bytes");
  lieOnGet("/cas/", answer(200, compressed("bytes")));
  expectMiss("has 5 bytes, expected 10");
  lieOnGet("/cas/", answer(200, part.substr(0, part.size() - 2)));
  expectMiss("cut off");
  lieOnGet("/cas/", answer(200, part + "x"));
  expectMiss("after the end");
  lieOnGet("/cas/", answer(200, "<html>log in here</html>"));
  expectMiss("not what was compressed");
  lieOnGet("/cas/", answer(200, std::string(1 << 20, 'x')));
  expectMiss("");
  lieOnGet("/ac/", answer(200, "<html>log in here</html>"));
  expectMiss("not the manifest of a cache entry");
  lieOnGet("/ac/", answer(200, std::string(kMaxSharedEntryBytes + 1, 'x')));
  expectMiss("more bytes arrive");
  lieOnGet("/cas/", answer(200, compressed(std::string(300 << 20, '\0'))));
  expectMiss(""); // a bomb
  lieOnGet("/ac/", answer(200, entry, "Content-Encoding: gzip\r\n"));
  EXPECT_TRUE(fetch("a").has_value()) << "only our own compression counts";
}

// The length that a server states is not the one that comes.
TEST_F(HttpRemoteTest, CutConnectionsAreMisses) {
  share("a", random(50000));
  const std::string whole = answer(200, fileBelow("/cas/")).bytes;
  for (const size_t size : {size_t(0), size_t(1), size_t(20), whole.size() / 2, whole.size() - 1}) {
    lieOnGet("/cas/", {.bytes = whole.substr(0, size)});
    expectMiss(""); // libcurl says it, or the frame's end lacks
  }
  const std::string part = fileBelow("/cas/");
  lieOnGet("/cas/", {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + part});
  expectMiss("cut off");
  lieOnGet("/cas/", {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n" + part});
  expectMiss("");
  lieOnGet("/cas/", {.bytes = "HTTP/1.1 200 OK\r\n\r\n" + part}); // until the end of the connection
  EXPECT_TRUE(fetch("a").has_value());
  std::filesystem::remove_all(folder_ + "/b");
  lieOnGet("/cas/", {.bytes = "what?"});
  expectMiss("GET " + remote_.url);
}

TEST_F(HttpRemoteTest, WaitingIsBounded) {
  share("a", random(50000));
  remote_.timeout = 200ms;
  lieOnGet("/ac/", {.bytes = "", .hang = true});
  expectMiss("too slow");
  const std::string whole = answer(200, fileBelow("/cas/")).bytes;
  lieOnGet("/cas/", {.bytes = whole.substr(0, 2000), .hang = true});
  expectMiss("too slow");
  lieOnGet("/cas/", {.bytes = whole, .dripAfter = 1000, .dripEvery = 1ms});
  expectMiss("too slow");
}

TEST_F(HttpRemoteTest, NobodyThereIsAMiss) {
  std::string gone;
  {
    LyingServer closed;
    gone = closed.url();
  }
  remote_.url = gone;
  auto remote = connect();
  EXPECT_EQ(fetch(*remote, "a"), std::nullopt);
  EXPECT_TRUE(remote->isOff());
  remote_.url = "http://no-such-host.invalid/x";
  EXPECT_EQ(fetch("a"), std::nullopt);
  remote_.url = gone;
  remote_.url.replace(0, 4, "https");
  EXPECT_EQ(fetch("a"), std::nullopt);
  EXPECT_EQ(warnings_.size(), 3u);
}

TEST_F(HttpRemoteTest, FewRedirectsAreFollowed) {
  share("a", "bytes");
  server_.lie = [&](const HttpRequest &request, HttpReply &reply) {
    reply = answer(302, "moved", "Location: " + server_.url() + "/else" + request.path + "\r\n");
    return !request.path.starts_with("/else");
  };
  for (const auto &[path, bytes] : std::map(server_.files))
    server_.files["/else" + path] = bytes;
  EXPECT_TRUE(fetch("a").has_value());

  std::filesystem::remove_all(folder_ + "/b");
  lieOnGet("/", answer(302, "", "Location: /ac/again\r\n"));
  expectMiss("Number of redirects hit maximum amount");
  lieOnGet("/", answer(302, "", "Location: file:///etc/passwd\r\n"));
  expectMiss("Unsupported protocol");
}

TEST_F(HttpRemoteTest, CredentialsStayWithTheirServer) {
  LyingServer other;
  lieOnGet("/", answer(302, "", "Location: " + other.url() + "/x\r\n"));
  setenv("TENON_CACHE_REMOTE_AUTH", "Bearer sesame", 1);
  EXPECT_EQ(fetch("a"), std::nullopt);
  unsetenv("TENON_CACHE_REMOTE_AUTH");
  EXPECT_THAT(server_.headersOf(0), HasSubstr("Authorization: Bearer sesame\r\n"));
  EXPECT_THAT(other.headersOf(0), AllOf(HasSubstr("GET /x"), Not(HasSubstr("sesame"))));

  remote_.url.replace(7, 0, "me:hunter2@");
  lieOnGet("/", answer(500));
  warnings_.clear();
  EXPECT_EQ(fetch("a"), std::nullopt);
  EXPECT_THAT(server_.headersOf(1), HasSubstr("Authorization: Basic bWU6aHVudGVyMg=="));
  EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr("http://***@127"), Not(HasSubstr("hunter2")))));

  setenv("TENON_CACHE_REMOTE_AUTH", "a\r\nHost: b", 1);
  EXPECT_FALSE(Remote::open(remote_).isOk());
  unsetenv("TENON_CACHE_REMOTE_AUTH");
}

TEST_F(HttpRemoteTest, WhatIsNotTakenIsSaidOnce) {
  for (const int status : {500, 507, 413, 302}) {
    warnings_.clear();
    server_.lie = [=](const HttpRequest &request, HttpReply &reply) {
      reply = answer(status, "", "Location: /else\r\n");
      return request.verb == "PUT";
    };
    EXPECT_EQ(share("a", random(3 << 20)).entries, 0u);
    EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr("PUT "), HasSubstr(std::to_string(status)))));
  }
  EXPECT_THAT(server_.files, IsEmpty());
}

TEST_F(HttpRemoteTest, SomeServersAreOnlyRead) {
  for (const int status : {403, 405, 501}) {
    warnings_.clear();
    server_.lie = [=](const HttpRequest &request, HttpReply &reply) {
      reply = answer(status);
      return request.verb == "PUT";
    };
    Store store = at("a");
    ASSERT_TRUE(put(store, "a", "bytes").isOk());
    const Key keys[] = {keyFor("a"), keyFor("a")};
    auto remote = connect();
    const size_t before = server_.log().size();
    EXPECT_EQ(remote->share(store, keys).entries, 0u);
    EXPECT_EQ(server_.log().size() - before, 3u) << "asked for both, put once";
    EXPECT_TRUE(remote->isReadOnly());
    EXPECT_FALSE(remote->isOff());
    EXPECT_THAT(warnings_, IsEmpty());
  }
}

TEST_F(HttpRemoteTest, MakesFoldersWhereTheyLack) {
  remote_.url += "/p";
  std::set<std::string> folders = {"/"};
  server_.lie = [&](const HttpRequest &request, HttpReply &reply) {
    const std::string parent = request.path.substr(0, request.path.rfind('/', request.path.size() - 2) + 1);
    if (request.verb == "MKCOL") {
      reply = answer(folders.contains(request.path) ? 405 : folders.contains(parent) ? 201 : 409);
      folders.insert(request.path);
      return true;
    }
    reply = answer(409);
    return request.verb == "PUT" && !folders.contains(parent);
  };
  EXPECT_EQ(share("a", "bytes").entries, 1u);
  EXPECT_THAT(folders, ElementsAre("/", "/p/", "/p/ac/", "/p/cas/"));
  EXPECT_TRUE(fetch("a").has_value());
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(HttpRemoteTest, TheRestOfACompilationGoesOnAfterAFailedPut) {
  remote_.timeout = 200ms;
  server_.lie = [](const HttpRequest &request, HttpReply &reply) {
    reply = {.bytes = "", .hang = true};
    return request.verb == "PUT";
  };
  Store store = at("a");
  ASSERT_TRUE(put(store, "a", "bytes").isOk());
  ASSERT_TRUE(put(store, "b", "others").isOk());
  const Key keys[] = {keyFor("a"), keyFor("b")};
  auto remote = connect();
  EXPECT_EQ(remote->share(store, keys).entries, 0u);
  EXPECT_TRUE(remote->isOff());
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("too slow")));
}

} // namespace
