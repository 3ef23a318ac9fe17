// What the tests of attention, cache and row kernels share: targets and the check over worker counts.
#pragma once

#include "test/codegen/AttentionText.h"
#include "test/codegen/KernelHarness.h"
#include <cstring>
#include <gtest/gtest.h>

namespace tenon::test {

// Every instruction set that these emitters make code for; what the host lacks is emulated by the harness.
inline auto everyIsa() {
  return testing::Values(std::string("cpu:x86-64-v3"), std::string("cpu:x86-64-v4"), std::string("cpu:sapphirerapids"));
}
inline std::string isaName(const testing::TestParamInfo<std::string> &info) {
  std::string name = info.param;
  for (char &c : name)
    c = isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
}

// These kernels choose their blocks from the target's registers, not from a tiling.
inline void setTarget(KernelCase &kernel, const std::string &spec) {
  kernel::TargetAttr resolved = target(spec);
  kernel.setTarget(resolved, kernel::TilingAttr::get(resolved.getContext(), resolved.getDot(), 1, 1, 0, 1, 0));
}

inline std::vector<ref::Value> deepCopy(const std::vector<ref::Value> &values) {
  std::vector<ref::Value> copies;
  for (const ref::Value &value : values)
    copies.push_back({value.tensor ? std::make_shared<ref::Tensor>(*value.tensor) : nullptr,
                      value.cache ? std::make_shared<ref::Cache>(*value.cache) : nullptr});
  return copies;
}

inline bool sameBits(const std::vector<float> &a, const std::vector<float> &b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

// Runs with 1, 2, 3, 16 and 64 workers; `results` and the caches in `after` are those of the first run, and the others
// must have left the same bits.
inline void runForAllWorkers(KernelCase &kernel, const std::vector<ref::Value> &inputs,
                             std::vector<ref::Value> &results, std::vector<ref::Value> &after) {
  for (unsigned workers : {1u, 2u, 3u, 16u, 64u}) {
    std::vector<ref::Value> operands = deepCopy(inputs), got = kernel.run(operands, workers);
    if (workers == 1) {
      results = got;
      after = operands;
      continue;
    }
    ASSERT_EQ(got.size(), results.size());
    for (size_t i = 0; i < got.size(); ++i)
      EXPECT_TRUE(sameBits(got[i].tensor->f32, results[i].tensor->f32))
          << "result " << i << ": " << workers << " workers changed bits";
    for (size_t i = 0; i < operands.size(); ++i)
      if (operands[i].cache) {
        EXPECT_TRUE(sameBits(operands[i].cache->keys, after[i].cache->keys)) << workers << " workers changed keys";
        EXPECT_TRUE(sameBits(operands[i].cache->values, after[i].cache->values))
            << workers << " workers changed values";
        EXPECT_TRUE(sameBits(operands[i].cache->keyScales, after[i].cache->keyScales));
        EXPECT_TRUE(sameBits(operands[i].cache->valueScales, after[i].cache->valueScales));
      }
  }
}

} // namespace tenon::test
