// Reading of the golden files that an independent implementation made (test/models/README.md), for the end-to-end
// checks.
#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tenon::golden {

struct GoldenPrompt {
  std::string name;
  std::vector<int32_t> tokens, greedy;
  std::vector<double> margins; // gap between the two largest logits at each greedy choice
};
Result<std::vector<GoldenPrompt>> readPrompts(const std::string &modelFolder);

struct Matrix {
  uint64_t rows = 0, columns = 0;
  std::vector<float> values;
};
// A float32 .npy file with two dimensions in C order.
Result<Matrix> readNpy(const std::string &path);

struct GoldenPerplexity {
  double meanNll = 0;
  uint64_t tokens = 0;
};
// The entry for `text` ("text.txt", ...) of golden/perplexity.json.
Result<GoldenPerplexity> readPerplexity(const std::string &modelFolder, const std::string &text);

Result<std::string> readFile(const std::string &path);

} // namespace tenon::golden
