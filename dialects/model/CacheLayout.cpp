#include "dialects/model/CacheLayout.h"

using namespace mlir;
using namespace tenon::model;

CacheLayout::CacheLayout(CacheType type)
    : pages(type.getPages()), kvHeads(type.getKvHeads()), headDim(type.getHeadDim()), pageTokens(type.getPageTokens()),
      elementBytes(type.getElementType().getIntOrFloatBitWidth() / 8), scaled(type.getElementType().isInteger(8)),
      pairs(type.getElementType().isBF16() ? 2 : 1) {}
