// Runs a fuzz target without libFuzzer: every seed as it is, every cut of the short ones, and mutations drawn from a
// fixed seed, so that the same inputs are tried everywhere. A crash, a failed assertion or a sanitizer report fails the
// test.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

namespace {

std::vector<std::string> seeds() {
  std::vector<std::filesystem::path> paths;
  for (auto &file : std::filesystem::directory_iterator(TENON_CORPUS))
    paths.push_back(file.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> out;
  for (auto &path : paths) {
    std::ifstream in(path, std::ios::binary);
    out.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return out;
}

// A copy of exactly the input's size, so that a sanitizer sees the first byte read beyond it.
void run(const std::string &input) {
  auto copy = std::make_unique<uint8_t[]>(input.size());
  std::memcpy(copy.get(), input.data(), input.size());
  EXPECT_EQ(LLVMFuzzerTestOneInput(copy.get(), input.size()), 0);
}

std::string mutate(std::string text, const std::vector<std::string> &all, std::mt19937 &random) {
  auto below = [&](size_t limit) { return limit == 0 ? 0 : random() % limit; };
  static const char *const kTokens[] = {"0",
                                        "-1",
                                        "18446744073709551615",
                                        "9223372036854775807",
                                        "1e308",
                                        "null",
                                        "[]",
                                        "{}",
                                        "\"\"",
                                        "[",
                                        "}",
                                        ",",
                                        "\"",
                                        "\\u0000",
                                        "true",
                                        "0.5",
                                        "4294967296"};
  for (size_t changes = 1 + below(4); changes > 0; --changes) {
    size_t at = below(text.size() + 1), length = below(std::min<size_t>(text.size() - at, 32) + 1);
    switch (below(6)) {
    case 0:
      if (at < text.size())
        text[at] = static_cast<char>(random());
      break;
    case 1:
      text.erase(at, length);
      break;
    case 2:
      text.insert(at, text.substr(at, length));
      break;
    case 3:
      text.replace(at, length, kTokens[below(std::size(kTokens))]);
      break;
    case 4:
      text.insert(at, kTokens[below(std::size(kTokens))]);
      break;
    case 5: {
      const std::string &other = all[below(all.size())];
      text.replace(at, length, other.substr(below(other.size() + 1), 64));
      break;
    }
    }
  }
  return text;
}

TEST(Fuzz, ReplaysSeedsAndMutations) {
  std::vector<std::string> all = seeds();
  ASSERT_FALSE(all.empty()) << "no seeds in " << TENON_CORPUS;
  for (const std::string &seed : all) {
    run(seed);
    for (size_t size = 0; size < std::min<size_t>(seed.size(), 2048); ++size)
      run(seed.substr(0, size));
  }
  std::mt19937 random(20240229);
  for (int round = 0; round < 100000; ++round)
    run(mutate(all[random() % all.size()], all, random));
}

} // namespace
