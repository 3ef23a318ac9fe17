#include "runtime/base/JsonDiff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace tenon;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

std::vector<std::string> differences(std::string_view left, std::string_view right) {
  const auto a = parseJson(left, "a"), b = parseJson(right, "b");
  EXPECT_TRUE(a.isOk() && b.isOk());
  std::vector<std::string> lines;
  for (const JsonDifference &d : jsonDifferences(a->root(), b->root()))
    lines.push_back(d.path + ": " + d.left.value_or("-") + " -> " + d.right.value_or("-"));
  return lines;
}

TEST(JsonDiff, NamesTheFieldHoweverDeep) {
  EXPECT_THAT(differences(R"({"rope_parameters":{"factor":8,"rope_type":"llama3"}})",
                          R"({"rope_parameters":{"rope_type":"llama3","factor":4}})"),
              ElementsAre("rope_parameters.factor: 8 -> 4"));
  EXPECT_THAT(differences(R"({"a":[1,{"b":[2,3]}]})", R"({"a":[1,{"b":[2,4,5]}]})"),
              ElementsAre("a[1].b[1]: 3 -> 4", "a[1].b[2]: - -> 5"));
  EXPECT_THAT(differences(R"({"a":{"b":1}})", R"({"a":null,"c":{}})"),
              ElementsAre("a: an object -> null", "c: - -> an object"));
}

TEST(JsonDiff, OrderAndSpacesSayNothing) {
  EXPECT_THAT(differences(R"({"a":1,"b":[true,null,0.5,"x"]})", R"( {"b": [true,null,5e-1,"x"], "a": 1})"), IsEmpty());
  EXPECT_THAT(differences(R"({"a":1})", R"({"a":1.0})"), testing::SizeIs(1));
}

TEST(JsonDiff, ValuesThatAMessageCutsAreStillCompared) {
  const std::string start = "\"" + std::string(200, 'x');
  EXPECT_THAT(differences(start + "a\"", start + "a\""), IsEmpty());
  const auto lines = differences(start + "a\"", start + "b\"");
  ASSERT_THAT(lines, testing::SizeIs(1));
  EXPECT_THAT(lines[0], testing::EndsWith(" (another end)"));
}

TEST(JsonDiff, WhatIsToldIsBounded) {
  std::string ones = "1", twos = "2";
  for (int i = 0; i < 10000; ++i) {
    ones += ",1";
    twos += ",2";
  }
  const std::string key(100000, 'k');
  const auto lines = differences("{\"" + key + "\":[" + ones + "]}", "{\"" + key + "\":[" + twos + "]}");
  ASSERT_THAT(lines, testing::SizeIs(kMaxJsonDifferences));
  EXPECT_LT(lines[0].size(), 250u);
}

TEST(JsonDiff, KeysAreNoCommandsToATerminal) {
  EXPECT_THAT(differences("{\"a\\u001bc\":1}", "{\"a\\u001bc\":2}"),
              ElementsAre(testing::Not(testing::HasSubstr("\x1b"))));
}

} // namespace
