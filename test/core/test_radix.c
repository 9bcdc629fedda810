/* Tests of core/base/radix.c: sorting 64-bit keys in linear time. */
#include "check.h"

#include "core/base/radix.h"

#define KEYS 5000

/* Keys of several kinds: any bits, few different ones, doubles, all the same. */
static uint64_t
draw(SfRng *rng, int kind)
{
	switch (kind)
	{
		case 0:
			return sf_rng_next(rng);
		case 1:
			return sf_rng_below(rng, 7) << 40;
		case 2:
			return sf_key_of(random_magnitude(rng, -300, 300) * (sf_rng_below(rng, 2) == 0 ? -1 : 1));
		default:
			return 42;
	}
}

static void
test_sorted(void)
{
	static const int64_t sizes[] = {0, 1, 2, 47, 48, 49, 255, KEYS};
	static uint64_t key[KEYS];
	static uint64_t old[KEYS];
	static uint64_t alone[KEYS];
	static uint64_t spare[KEYS];
	static uint32_t value[KEYS];
	static uint32_t value_spare[KEYS];
	SfRng		rng;
	Host		host;

	group("keys ascend, values follow, equal keys keep their order");
	host_init(&host);
	sf_rng_seed(&rng, 1);
	for (int kind = 0; kind < 4; kind++)
		for (int s = 0; s < LENGTH(sizes); s++)
		{
			int64_t		n = sizes[s];

			for (int64_t i = 0; i < n; i++)
			{
				key[i] = old[i] = alone[i] = draw(&rng, kind);
				value[i] = (uint32_t) i;
			}
			check(sf_radix_sort(&host.ctx, key, value, n, spare, value_spare) == SF_OK, "sort");
			check(sf_radix_sort(&host.ctx, alone, NULL, n, spare, NULL) == SF_OK, "sort alone");
			check(memcmp(key, alone, (size_t) n * sizeof(uint64_t)) == 0, "with and without values");
			for (int64_t i = 0; i < n; i++)
			{
				check(key[i] == old[value[i]], "value %" PRId64, i);
				check(i == 0 || key[i - 1] < key[i] || (key[i - 1] == key[i] && value[i - 1] < value[i]), "place %" PRId64, i);
			}
		}
	done();

	group("keys of doubles ascend with them, and back");
	for (int i = 0; i < 1000; i++)
	{
		double		a = random_bits(&rng);
		double		b = random_bits(&rng);

		check(isnan(a) || same_bits(sf_of_key(sf_key_of(a)), a), "%g", a);
		check(isnan(a) || isnan(b) || (a < b) == (sf_key_of(a) < sf_key_of(b)), "%g and %g", a, b);
	}
	done();
}

static SfStatus
sort_some(SfCtx *ctx, void *argument)
{
	uint64_t	key[100];
	uint64_t	spare[100];

	(void) argument;
	for (uint64_t i = 0; i < 100; i++)
		key[i] = sf_mix64(i);
	return sf_radix_sort(ctx, key, NULL, 100, spare, NULL);
}

int
main(void)
{
	test_sorted();
	group("cancelled anywhere");
	cancel_each(sort_some, NULL, 1);
	done();
	return finish();
}
