// What the tests of keys and signatures share.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::test {

inline std::vector<uint8_t> fromHex(std::string_view text) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<uint8_t>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  return bytes;
}

// One byte changed, taken out or put in, drawn from `random`; never the text itself.
inline std::string mutated(const std::string &good, std::mt19937 &random) {
  std::string text = good;
  do {
    const size_t at = random() % text.size();
    const char byte = static_cast<char>(random());
    switch (random() % 4) {
    case 0:
      text[at] = byte;
      break;
    case 1:
      text[at] = static_cast<char>(text[at] ^ (1 << random() % 8));
      break;
    case 2:
      text.erase(at, 1);
      break;
    case 3:
      text.insert(at, 1, byte);
      break;
    }
  } while (text == good || text.empty());
  return text;
}

// A fresh folder, removed with the object.
class Folder {
public:
  Folder() : path_(testing::TempDir() + "/trust-" + std::to_string(std::random_device()())) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder &) = delete;
  Folder &operator=(const Folder &) = delete;
  std::string file(const std::string &name) const { return path_ + "/" + name; }

private:
  std::string path_;
};

inline std::string contentOf(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline void writeText(const std::string &path, const std::string &text) {
  std::ofstream(path, std::ios::binary) << text;
}

} // namespace tenon::test
