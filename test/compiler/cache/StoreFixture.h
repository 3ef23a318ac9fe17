// A cache in a folder of its own, and what tests do with it.
#pragma once

#include "compiler/cache/Store.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

namespace tenon::cache {

class StoreTest : public testing::Test {
protected:
  StoreTest() : folder_(testing::TempDir() + "tenon-cache-" + std::to_string(getpid()) + "-" + name()) {
    std::filesystem::remove_all(folder_);
    options_.folder = folder_;
    options_.lockDeadline = std::chrono::milliseconds(20);
    options_.warn = [this](const std::string &text) { warnings_.push_back(text); };
  }
  ~StoreTest() override { std::filesystem::remove_all(folder_); }

  static std::string name() { return testing::UnitTest::GetInstance()->current_test_info()->name(); }

  Store open() {
    auto store = Store::open(options_);
    EXPECT_TRUE(store.isOk()) << store.status().message();
    return *std::move(store);
  }

  static Fields fieldsOf(const std::string &what) { return {{"what", what}, {"zz", "last"}}; }
  static Key keyFor(const std::string &what, Kind kind = Kind::Code) { return keyOf(kind, fieldsOf(what)); }

  static Status put(Store &store, const std::string &what, const std::string &bytes, Kind kind = Kind::Code) {
    const Key key = keyFor(what, kind);
    auto lock = store.lock(key);
    if (!lock)
      return Status(Code::Resource, "no lock");
    NewPart part{.name = "object", .bytes = {reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()}};
    return store.publish(*lock, key, fieldsOf(what), {{"note", what}}, {&part, 1}).status();
  }

  // What the entry holds; nothing where there is none.
  static std::optional<std::string> get(Store &store, const std::string &what, Kind kind = Kind::Code) {
    const auto entry = store.find(keyFor(what, kind), fieldsOf(what));
    if (!entry)
      return std::nullopt;
    const auto bytes = entry->files[0].bytes();
    return std::string(bytes.begin(), bytes.end());
  }

  static void overwrite(const std::string &path, const std::string &text) {
    std::error_code absent;
    std::filesystem::permissions(path, std::filesystem::perms::owner_write, std::filesystem::perm_options::add, absent);
    std::ofstream(path, std::ios::binary) << text;
  }
  static std::string read(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string folder_;
  StoreOptions options_;
  std::vector<std::string> warnings_;
};

} // namespace tenon::cache
