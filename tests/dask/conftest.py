"""A small cluster inside this process, shared by the tests that end no worker."""

import pytest
from distributed import Client, LocalCluster


@pytest.fixture(scope="package")
def client():
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0"
        ) as cluster,
        Client(cluster) as connected,
    ):
        yield connected
