// Two machines, each with a cache of its own, and what lies between them.
#pragma once

#include "compiler/cache/remote/Remote.h"
#include "test/compiler/cache/StoreFixture.h"

#include <gmock/gmock.h>
#include <random>
#include <zstd.h>

namespace tenon::cache {

class RemoteTest : public StoreTest {
protected:
  RemoteTest() {
    std::filesystem::create_directories(folder_ + "/shared");
    remote_.url = "file://" + folder_ + "/shared";
    remote_.timeout = std::chrono::seconds(60); // tests of waiting set their own
  }

  Store at(const std::string &machine) {
    options_.folder = folder_ + "/" + machine;
    return open();
  }
  std::unique_ptr<Remote> connect() {
    auto remote = Remote::open(remote_);
    EXPECT_TRUE(remote.isOk()) << remote.status().message();
    return remote.isOk() ? *std::move(remote) : nullptr;
  }

  // The entry `what` on machine "a", with `bytes`, put to the remote.
  Shared share(const std::string &what, const std::string &bytes, Kind kind = Kind::Code) {
    Store store = at("a");
    EXPECT_TRUE(put(store, what, bytes, kind).isOk());
    const Key key = keyFor(what, kind);
    return connect()->share(store, {&key, 1});
  }

  // What machine "b" gets of it.
  std::optional<std::string> fetch(const std::string &what, Kind kind = Kind::Code) {
    auto remote = connect();
    return fetch(*remote, what, kind);
  }
  std::optional<std::string> fetch(Remote &remote, const std::string &what, Kind kind = Kind::Code) {
    Store store = at("b");
    const Key key = keyFor(what, kind);
    const Fields fields = fieldsOf(what);
    auto lock = store.lock(key);
    if (!lock)
      return std::nullopt;
    const auto entry = remote.fetch(store, *lock, key, &fields);
    if (!entry)
      return std::nullopt;
    EXPECT_EQ(get(store, what, kind).has_value(), true) << "it is an entry of the folder now";
    const auto bytes = entry->files[0].bytes();
    return std::string(bytes.begin(), bytes.end());
  }

  // Nothing of it is left on machine "b" but folders and the tag.
  void expectNothing() {
    for (const auto &file : std::filesystem::recursive_directory_iterator(folder_ + "/b"))
      EXPECT_TRUE(file.is_directory() || file.path().filename() == "CACHEDIR.TAG") << file.path();
  }

  static std::string random(size_t bytes) {
    std::mt19937 generator(static_cast<unsigned>(bytes));
    std::string text(bytes, '\0');
    for (char &c : text)
      c = static_cast<char>(generator());
    return text;
  }
  static std::string compressed(const std::string &text) {
    std::string packed(ZSTD_compressBound(text.size()), '\0');
    packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 1));
    return packed;
  }

  std::string only(const std::string &folder) const {
    std::string path;
    for (const auto &file : std::filesystem::directory_iterator(folder_ + "/shared/" + folder)) {
      EXPECT_TRUE(path.empty()) << "one file is expected";
      path = file.path();
    }
    return path;
  }

  RemoteOptions remote_;
};

} // namespace tenon::cache
