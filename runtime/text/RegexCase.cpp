#include "runtime/text/RegexCase.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tenon::text {

bool hasLongFold(char32_t first, char32_t last) {
  // Blocks that hold them, rather than each of the 104.
  constexpr std::pair<char32_t, char32_t> blocks[] = {
      {0xDF, 0xDF},   {0x130, 0x130},   {0x149, 0x149},   {0x1F0, 0x1F0},   {0x390, 0x390},   {0x3B0, 0x3B0},
      {0x587, 0x587}, {0x1E96, 0x1E9A}, {0x1E9E, 0x1E9E}, {0x1F50, 0x1FFF}, {0xFB00, 0xFB17},
  };
  return std::any_of(std::begin(blocks), std::end(blocks),
                     [&](auto block) { return first <= block.second && last >= block.first; });
}

bool mayBeLongFold(char32_t first, char32_t second) {
  auto lower = [](char32_t c) { return c >= 'A' && c <= 'Z' ? static_cast<char32_t>(c - 'A' + 'a') : c; };
  constexpr std::pair<char32_t, char32_t> pairs[] = {{'s', 's'}, {'f', 'f'},   {'f', 'i'},  {'f', 'l'},
                                                     {'s', 't'}, {0x17F, 't'}, {0x2BC, 'n'}};
  constexpr char32_t seconds[] = {0x2BE, 0x300, 0x301, 0x307, 0x308, 0x30A, 0x30C, 0x313, 0x331, 0x342, 0x3B9, 0x399,
                                  0x345, 0x576, 0x565, 0x56B, 0x56D, 0x582, 0x546, 0x535, 0x53B, 0x53D, 0x552, 0x17F};
  return std::find(std::begin(pairs), std::end(pairs), std::pair(lower(first), lower(second))) != std::end(pairs) ||
         std::find(std::begin(seconds), std::end(seconds), second) != std::end(seconds);
}

} // namespace tenon::text
