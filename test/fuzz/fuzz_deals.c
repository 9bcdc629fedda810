/* Hostile bytes in place of a revenue_distribution. */
#include "set.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_bytes(data, size);
	return 0;
}
