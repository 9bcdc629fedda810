/* Tests of core/base/ctx.h: what the core asks of its host. */
#include "check.h"

static void
test_alloc(void)
{
	Host		host;

	host_init(&host);
	group("sf_alloc asks the host for count * size bytes");
	check(sf_alloc(&host.ctx, 3, 8) != NULL && host.blocks->size == 24, "3 * 8 bytes");
	check(sf_alloc(&host.ctx, 5, 0) != NULL && host.blocks->size == 0, "5 * 0 bytes");
	check(sf_alloc(&host.ctx, 0, 5) != NULL && host.blocks->size == 0, "0 * 5 bytes");
	done();

	group("a size that overflows is refused before the host is asked");
	host.allocations = 0;
	check(sf_alloc(&host.ctx, SIZE_MAX, 2) == NULL, "SIZE_MAX * 2");
	check(sf_alloc(&host.ctx, SIZE_MAX / 8 + 1, 8) == NULL, "SIZE_MAX / 8 + 1 times 8");
	check(sf_alloc(&host.ctx, 2, SIZE_MAX / 2 + 1) == NULL, "2 * (SIZE_MAX / 2 + 1)");
	check(host.allocations == 0, "the host was asked %" PRId64 " times", host.allocations);
	done();

	group("a refusal of the host is handed on");
	host.refuse_at = host.allocations + 1;
	check(sf_alloc(&host.ctx, 1, 1) == NULL, "refused");
	check(sf_alloc(&host.ctx, 1, 1) != NULL, "granted again");
	done();
	host_free(&host);
}

static void
test_fail(void)
{
	Host		host;

	host_init(&host);
	group("a failure carries its rule, and its value only if there is one");
	check(sf_fail_value(&host.ctx, SF_BAD_DATA, "rule", 1.5) == SF_BAD_DATA, "status");
	check(strcmp(host.ctx.what, "rule") == 0 && host.ctx.has_value && host.ctx.value == 1.5, "value");
	check(sf_fail(&host.ctx, SF_TOO_LARGE, "other") == SF_TOO_LARGE, "status");
	check(strcmp(host.ctx.what, "other") == 0 && !host.ctx.has_value && host.ctx.where == -1,
		  "the value of the failure before is gone");
	done();

	group("cancel comes from the host");
	host.cancel_at = 2;
	check(!sf_cancelled(&host.ctx) && sf_cancelled(&host.ctx) && !sf_cancelled(&host.ctx), "at the second poll");
	done();
}

int
main(void)
{
	test_alloc();
	test_fail();
	return finish();
}
