// Makes safetensors files, sound ones and broken ones, for tests.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>

namespace tenon {

// Length field, `header` as it is, and `dataBytes` of zeros.
inline std::string safetensorsFile(const std::string &header, uint64_t dataBytes) {
  std::string out;
  for (int i = 0; i < 8; ++i)
    out += static_cast<char>(header.size() >> (8 * i) & 0xFF);
  return out + header + std::string(dataBytes, '\0');
}

// One entry of a header: "name":{...}
inline std::string entry(const std::string &name, const std::string &dtype, const std::string &shape, uint64_t begin,
                         uint64_t end) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":[" +
         std::to_string(begin) + "," + std::to_string(end) + "]}";
}

// A folder below the test's temporary directory, removed at the end.
class Folder {
public:
  Folder() {
    std::string pattern = testing::TempDir() + "tenon-import-XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder &) = delete;
  const std::string &path() const { return path_; }
  std::string operator/(const std::string &name) const { return path_ + "/" + name; }
  void write(const std::string &name, const std::string &text) const {
    std::ofstream((*this) / name, std::ios::binary) << text;
  }

private:
  std::string path_;
};

} // namespace tenon
