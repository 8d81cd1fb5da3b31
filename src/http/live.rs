use std::sync::Arc;

use arc_swap::ArcSwap;

use super::site::Site;
use super::{metrics_site, public_site};
use crate::app::App;

/// The service as it is at the moment. A reload puts another one in its place: requests under way
/// are answered by the one they came to, all others by the new one.
pub struct Live {
    app: ArcSwap<App>,
    /// What is answered to everybody.
    pub(super) public: LiveSite,
    /// What is answered to whoever watches the service, where that has an address of its own.
    pub(super) metrics: Option<LiveSite>,
}

/// A site that another one can take the place of.
pub(super) type LiveSite = Arc<ArcSwap<Site>>;

impl Live {
    /// The service as it begins.
    #[must_use]
    pub fn new(app: Arc<App>, has_metrics_apart: bool) -> Self {
        let metrics = has_metrics_apart.then(|| metrics_site(Arc::clone(&app)));
        Self {
            public: swappable(public_site(Arc::clone(&app), metrics.is_none())),
            metrics: metrics.map(swappable),
            app: ArcSwap::new(app),
        }
    }

    /// What requests are answered with at the moment.
    #[must_use]
    pub fn app(&self) -> Arc<App> {
        self.app.load_full()
    }

    /// Has all further requests answered with this.
    pub fn replace(&self, app: Arc<App>) {
        if let Some(metrics) = &self.metrics {
            metrics.store(Arc::new(metrics_site(Arc::clone(&app))));
        }
        let public = public_site(Arc::clone(&app), self.metrics.is_none());
        self.public.store(Arc::new(public));
        self.app.store(app);
    }
}

pub(super) fn swappable(site: Site) -> LiveSite {
    Arc::new(ArcSwap::from_pointee(site))
}
